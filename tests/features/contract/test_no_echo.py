"""No refusal repeats what was sent; nothing sealed is stored in clear (contract_e2, contract_p2, S-01, S-20)."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.http.errors import problem
from custhub.http.issues import issues_of
from custhub.kit.errors import FieldIssue
from tests.client import ApiClient
from tests.customers import add_phone, path_of
from tests.hub import HubUnderTest, make_customer, make_number

CANARY = "kanarienvogel"
NUMBER = "13900004321"

#: Requests that each carry the canary or a number where a value belongs, and are refused.
REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/customers", {"json": {"display_name": [CANARY]}}),
    ("POST", "/v1/customers", {"json": {"display_name": CANARY * 50}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "stage": CANARY}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "gender": NUMBER}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "owner_id": CANARY}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "time_zone": CANARY}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "language": CANARY}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "tax_id": CANARY}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "birthday": {"date": CANARY}}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "birthday": {"date": "1990-01-01", "calendar": CANARY}}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "emails": [{"email": CANARY}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "phones": [{"number": CANARY}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "phones": [{"number": NUMBER + "0"}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "phones": [{"number": NUMBER, "country": CANARY}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "phones": [{"number": NUMBER, "expires_at": CANARY}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "addresses": [{"full_text": CANARY, "postcode": "x"}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "addresses": [{"country": CANARY, "street": "x"}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "external_ids": [{"source": CANARY * 9, "id": "x"}]}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x", "contacts": [{"name": CANARY}]}}),
    ("POST", "/v1/customers", {"json": CANARY}),
    ("POST", "/v1/customers", {"content": CANARY.encode(), "headers": {"content-type": "application/json"}}),
    ("POST", "/v1/customers", {"content": CANARY.encode(), "headers": {"content-type": f"text/{CANARY}"}}),
    ("POST", "/v1/customers", {"json": {"display_name": "x"}, "headers": {"idempotency-key": CANARY + "."}}),
    ("POST", "/v1/customers/lookup", {"json": {"phone": CANARY}}),
    ("POST", "/v1/customers/lookup", {"json": {"phone": NUMBER, "phone_last4": "4321"}}),
    ("POST", "/v1/customers/lookup", {"json": {"phone_last4": NUMBER}}),
    ("POST", "/v1/customers/lookup", {"json": {"phone_last4": "4321", "cursor": CANARY}}),
    ("GET", "/v1/customers", {"params": {"cursor": CANARY}}),
    ("GET", "/v1/customers", {"params": {"sort": CANARY}}),
    ("GET", "/v1/customers", {"params": {"stage": NUMBER}}),
    ("GET", "/v1/customers", {"params": {"limit": CANARY}}),
    ("GET", "/v1/customers", {"params": {"created_at_gte": CANARY}}),
    ("GET", "/v1/customers", {"params": {"archived": CANARY}}),
    ("GET", "/v1/customers", {"params": {"nick": NUMBER}}),
    ("GET", f"/v1/customers/{CANARY}", {}),
    ("GET", f"/v1/customers/{NUMBER}/phones/{CANARY}", {}),
    ("GET", f"/v1/{CANARY}", {}),
    ("PUT", f"/v1/customers/{CANARY}", {}),
    ("GET", "/v1/customers", {"headers": {"authorization": f"Bearer {CANARY}"}}),
]


@pytest.mark.parametrize(("method", "path", "request_parts"), REFUSED)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_no_problem_document_repeats_a_value(
    api: ApiClient,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    request_parts: dict[str, Any],
    language: str,
) -> None:
    """contract_e2: neither body nor headers hold it, in no language, and no log line does (S-20)."""
    headers = {"accept-language": language, **request_parts.get("headers", {})}
    with caplog.at_level(logging.DEBUG):
        answer = await api.request(method, path, **{**request_parts, "headers": headers})
    assert 400 <= answer.status_code < 500
    logged = "".join(str(record.__dict__) for record in caplog.records if record.name.startswith("custhub"))
    shown = answer.text + str(answer.headers) + logged
    assert CANARY not in shown
    assert NUMBER not in shown
    assert "4321" not in shown


def _all_texts() -> st.SearchStrategy[str]:
    return st.text(min_size=12, max_size=40)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(
                    ["missing", "string_type", "extra_forbidden", "enum", "int_parsing", "value_error", "weird_new_one"]
                ),
                "loc": st.tuples(st.just("body"), st.sampled_from(["name", "tags"]), st.integers(0, 9)),
                "msg": _all_texts(),
                "input": _all_texts(),
                "ctx": st.dictionaries(st.just("expected"), _all_texts()),
            }
        ),
        max_size=5,
    )
)
def test_issues_of_a_validator_never_hold_its_input_or_message(raw: list[dict[str, Any]]) -> None:
    """contract_p2: Pydantic's `input`, `msg` and `ctx` are dropped, whatever the kind of the error."""
    issues = issues_of(raw)
    assert len(issues) == len(raw)
    for error, issue in zip(raw, issues, strict=True):
        shown = f"{issue.pointer} {issue.code} {issue.location} {issue.detail} {issue.detail_zh}"
        assert error["input"] not in shown
        assert error["msg"] not in shown


def test_an_issue_without_texts_still_has_members() -> None:
    """contract_e1: pointer, location, code and detail are always there."""
    from custhub.features.customers.errors import NameInvalid

    body = problem(NameInvalid(issues=[FieldIssue("#/x", "name_invalid")]), "r").body
    assert b'"pointer":"#/x"' in bytes(body)


async def _dump(hub: HubUnderTest) -> str:
    """Every value of every column, as the drivers give them."""
    from custhub.kit.db import metadata

    parts: list[str] = []
    for table in metadata.sorted_tables:
        for row in await hub.rows(f"SELECT * FROM {table.name}"):  # noqa: S608  # no input
            parts += [
                bytes(value).decode("utf-8", "replace") + bytes(value).decode("utf-16-le", "replace")
                if isinstance(value, bytes | memoryview)
                else str(value)
                for value in tuple(row)
            ]
    return "\n".join(parts)


async def test_a_number_is_nowhere_in_the_database_in_clear(fresh_hub: HubUnderTest) -> None:
    """S-01: not in rows, events, audit, idempotency answers, whatever was done with it."""
    api, number = fresh_hub.api, make_number()
    key = {"Idempotency-Key": "canary-key-1"}
    body = make_customer(
        display_name=f"王伟 {number}",
        note=f"ring {number}, or +86 {number[:3]} {number[3:7]} {number[7:]}",
        phones=[{"number": number}],
        addresses=[{"full_text": f"广东省深圳市南山区科技园路1号 {number}"}],
    )
    customer = (await api.post("/v1/customers", json=body, headers=key)).json()
    phone = await add_phone(api, customer, "+852 6123 4567")
    await api.patch(path_of(customer), json={"note": f"call {number} tomorrow", "company_name": number})
    await api.patch(path_of(customer, phone), json={"label": "x", "is_primary": True})
    await api.post(f"{path_of(customer, phone)}/verify", json={"result": "reached_owner", "note": f"from {number}"})
    await api.post(f"{path_of(customer, phone)}/reveal", json={"reason": "call_back", "note": f"{number} asked"})
    await api.post("/v1/customers/lookup", json={"phone": number})
    await api.post("/v1/customers/lookup", json={"phone_last4": number[-4:]})
    await api.post(
        "/v1/customers", json=make_customer(phones=[{"number": number}]), headers={"Idempotency-Key": "k2345678"}
    )
    await api.delete(path_of(customer, phone))
    await api.post(f"{path_of(customer)}/archive")
    await api.post(f"{path_of(customer)}/restore")
    stored = await _dump(fresh_hub)
    for secret in (number, f"{number[:3]} {number[3:7]} {number[7:]}", f"+86{number}", "61234567", "6123 4567"):
        assert secret not in stored
    assert customer["id"] in stored


async def test_no_answer_but_a_reveal_holds_a_number(hub: HubUnderTest) -> None:
    """contract_b4: every view of a customer shows masks."""
    number = make_number()
    body = make_customer(
        phones=[{"number": number}], note=f"ring {number}", display_name=f"王 {number}",
        addresses=[{"full_text": f"广东省深圳市南山区科技园路1号 {number}"}],
    )  # fmt: skip
    made = await hub.api.post("/v1/customers", json=body)
    customer = made.json()
    answers = [
        made,
        await hub.api.get(path_of(customer)),
        await hub.api.get(f"{path_of(customer)}/phones"),
        await hub.api.get(path_of(customer, customer["phones"][0])),
        await hub.api.get("/v1/customers", params={"limit": 200}),
        await hub.api.post("/v1/customers/lookup", json={"phone": number}),
        await hub.api.patch(path_of(customer), json={"stage": "active"}),
        await hub.api.post(f"{path_of(customer)}/archive"),
        await hub.api.post(f"{path_of(customer)}/restore"),
    ]
    for answer in answers:
        assert answer.status_code in (200, 201)
        assert number not in answer.text
        assert number[3:] not in answer.text
