"""Custom fields of customers: written, shown, sealed, revealed, filtered, told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from custhub.kit.ids import Prefix, from_text
from custhub.security.fields import Access, everything
from tests.client import ApiClient
from tests.customers import create_customer, declare, path_of, problem_of, read_customer
from tests.hub import HubUnderTest
from tests.principals import make_principal

COLOURS = {"type": "array", "items": {"type": "string", "enum": ["red", "green"]}, "minItems": 1}
SECRET = "ZQ-77-canary-4411"


@pytest.fixture(scope="module")
async def declared(hub: HubUnderTest) -> HubUnderTest:
    """A hub with a field of every type."""
    api = hub.api
    await declare(api, "nickname", {"type": "string", "minLength": 2, "maxLength": 8})
    await declare(api, "size", {"type": "integer", "minimum": 20, "maximum": 60}, filterable=True)
    await declare(api, "ratio", {"type": "number", "minimum": 0, "maximum": 1})
    await declare(api, "member", {"type": "boolean"}, filterable=True)
    await declare(api, "since", {"type": "string", "format": "date"}, filterable=True)
    await declare(api, "colours", COLOURS, filterable=True)
    await declare(api, "passport", {"type": "string", "maxLength": 40}, sensitive=True)
    await declare(api, "hr_only", {"type": "string"}, readers=["manager"])
    await declare(api, "locked", {"type": "string"}, writers=["manager"])
    return hub


@pytest.fixture
def api(declared: HubUnderTest) -> ApiClient:
    return declared.api


async def test_values_are_kept_in_standard_form_and_merged_by_patch(api: ApiClient) -> None:
    """contract_d1: a merge patch, member by member; unchanged stores nothing."""
    sent = {"nickname": " Bo ", "size": 42, "ratio": 0.5, "member": True, "since": "2024-02-29", "colours": ["red"]}
    customer = await create_customer(api, custom_fields=sent)
    assert customer["custom_fields"] == {**sent, "nickname": "Bo"}
    path = path_of(customer)
    answer = await api.patch(path, json={"custom_fields": {"size": 43, "ratio": None, "colours": ["green", "red"]}})
    expected = {**sent, "nickname": "Bo", "size": 43, "colours": ["green", "red"]}
    del expected["ratio"]
    assert (answer.json()["custom_fields"], answer.json()["revision"]) == (expected, 2)
    same = await api.patch(path, json={"custom_fields": {"size": 43, "ratio": None}})
    assert same.json()["revision"] == 2
    assert (await read_customer(api, customer))["custom_fields"] == expected
    history = (await api.get(f"{path}/history")).json()["data"][0]["changes"]
    (change,) = [item for item in history if item["field"] == "custom_fields"]
    assert change["old"] == {"size": 42, "ratio": 0.5, "colours": ["red"]}
    assert change["new"] == {"size": 43, "ratio": None, "colours": ["green", "red"]}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nickname", "x"), ("nickname", "x" * 9), ("nickname", 12), ("nickname", "  "), ("size", 19), ("size", 61),
        ("size", 30.5), ("size", "30"), ("size", True), ("ratio", 1.01), ("ratio", False), ("member", 1),
        ("member", "true"), ("since", "2023-02-29"), ("since", "20240101"), ("since", "2024-1-1"), ("since", 5),
        ("colours", []), ("colours", ["blue"]), ("colours", ["red", "red"]), ("colours", "red"), ("colours", [1]),
        ("passport", "****"), ("passport", {"a": 1}),
    ],
)  # fmt: skip
async def test_a_value_outside_its_schema_is_refused_at_its_place(api: ApiClient, key: str, value: Any) -> None:
    """contract_e2: a pointer, and never the value."""
    answer = await api.post("/v1/customers", json={"display_name": "x", "custom_fields": {key: value}})
    problem = problem_of(answer, 422, "custom_field_invalid")
    assert [error["pointer"] for error in problem["errors"]] == [f"#/custom_fields/{key}"]
    customer = await create_customer(api)
    problem_of(await api.patch(path_of(customer), json={"custom_fields": {key: value}}), 422, "custom_field_invalid")
    assert (await read_customer(api, customer))["revision"] == 1


async def test_what_is_no_custom_field_is_refused(api: ApiClient) -> None:
    for body, code in (
        ({"custom_fields": {"nothing": 1}}, "custom_field_unknown"),
        ({"custom_fields": {"No Key": 1}}, "validation_failed"),
        ({"custom_fields": []}, "validation_failed"),
        ({"custom_fields": None}, "validation_failed"),
    ):
        problem_of(await api.post("/v1/customers", json={"display_name": "x", **body}), 422, code)


async def test_a_number_does_not_slip_into_a_plain_field(api: ApiClient) -> None:
    """S-25: what people write freely may hold a number; a plain field would store it in the clear."""
    await declare(api, "remark", {"type": "string"})
    for value in ("13912345678", "call +86 139 1234 5678", "１３９１２３４５６７８"):
        answer = await api.post("/v1/customers", json={"display_name": "x", "custom_fields": {"remark": value}})
        problem_of(answer, 422, "phone_in_custom_field")
    await create_customer(api, custom_fields={"remark": "order 12345", "passport": "13912345678"})


async def test_a_sensitive_value_is_masked_kept_by_its_mask_and_revealed_with_a_reason(api: ApiClient) -> None:
    """S-01, S-22."""
    customer = await create_customer(api, custom_fields={"passport": SECRET, "size": 30})
    assert customer["custom_fields"] == {"size": 30, "passport": "****"}
    path = path_of(customer)
    kept = await api.patch(path, json={"custom_fields": {"passport": "****", "size": 31}})
    assert (kept.status_code, kept.json()["custom_fields"]["size"]) == (200, 31)
    revealed = await api.post(f"{path}/reveal", json={"reason": "identity_check"})
    told = [item for item in revealed.json()["fields"] if item["field"] == "custom_fields.passport"]
    assert told == [{"field": "custom_fields.passport", "part_id": None, "text": SECRET}]
    assert revealed.headers["cache-control"] == "no-store"
    changed = await api.patch(path, json={"custom_fields": {"passport": "new"}})
    assert changed.json()["custom_fields"]["passport"] == "****"
    told = (await api.post(f"{path}/reveal", json={"reason": "identity_check"})).json()["fields"]
    assert [item["text"] for item in told] == ["new"]
    history = (await api.get(f"{path}/history")).json()["data"]
    assert SECRET not in str(history)
    gone = await api.patch(path, json={"custom_fields": {"passport": None}})
    assert gone.json()["custom_fields"] == {"size": 31}


async def test_a_sensitive_value_is_found_by_no_raw_scan(fresh_hub: HubUnderTest) -> None:
    """S-01: not in a column, an index, an event, an audit entry, a stored answer; on SQLite not in its files."""
    api = fresh_hub.api
    await declare(api, "passport", {"type": "string"}, sensitive=True)
    customer = await create_customer(api, custom_fields={"passport": SECRET})
    made = await api.post(
        "/v1/customers",
        json={"display_name": "y", "custom_fields": {"passport": f"{SECRET}-2"}},
        headers={"Idempotency-Key": "raw-scan-1"},
    )
    assert made.status_code == 201
    await api.patch(path_of(customer), json={"custom_fields": {"passport": f"{SECRET}-3"}})
    batch = {"items": [{"display_name": "z", "custom_fields": {"passport": f"{SECRET}-4"}}]}
    answer = await api.post("/v1/customers/batch", json=batch, headers={"Idempotency-Key": "raw-scan-2"})
    assert answer.json()["succeeded"] == 1
    if fresh_hub.engine == "sqlite":
        files = [path for path in fresh_hub.settings.home.rglob("*") if path.is_file()]
        assert any(path.name.endswith(".db") for path in files)
        assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
        return
    tables = await fresh_hub.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        found = await fresh_hub.rows(f"SELECT 1 FROM \"{table}\" AS t WHERE t::text LIKE '%{SECRET}%' LIMIT 1")  # noqa: S608  # no input
        hexed = await fresh_hub.rows(
            f"SELECT 1 FROM \"{table}\" AS t WHERE t::text LIKE '%{SECRET.encode().hex()}%' LIMIT 1"  # noqa: S608  # no input
        )
        assert (found, hexed) == ([], []), table


async def test_a_sensitive_or_unfilterable_field_is_no_filter(api: ApiClient) -> None:
    """S-11: 422, and an unknown key is told apart from it."""
    for text, code in (("passport:x", "filter_not_supported"), ("nickname:Bo", "filter_not_supported"),
                       ("nothing:x", "custom_field_unknown"), ("size", "validation_failed")):  # fmt: skip
        problem_of(await api.get("/v1/customers", params={"custom": text}), 422, code)


async def test_filters_follow_changes(declared: HubUnderTest) -> None:
    api = declared.api
    customer = await create_customer(api, source="follows", custom_fields={"size": 51, "member": True})

    async def found(**params: Any) -> int:
        return len((await api.get("/v1/customers", params={"source": "follows", **params})).json()["data"])

    assert await found(custom="size:51") == await found(custom=["size:51", "member:true"]) == 1
    assert await found(custom=["size:51", "member:false"]) == 0
    await api.patch(path_of(customer), json={"custom_fields": {"size": 52, "member": None, "since": "2020-01-01"}})
    assert [await found(custom=text) for text in ("size:51", "size:52", "member:true", "since:2020-01-01")] == [
        0,
        1,
        0,
        1,
    ]
    await api.post(
        "/v1/customers/batch",
        json={"items": [{"display_name": "b", "source": "follows", "custom_fields": {"size": 52}}]},
        headers={"Idempotency-Key": "filters-follow"},
    )
    assert await found(custom="size:52") == 2
    customer_id: Any = from_text(Prefix.CUSTOMER, customer["id"])
    mark, wanted = ("?", customer_id.bytes) if declared.engine == "sqlite" else ("$1", customer_id)
    rows = await declared.rows(f"SELECT field, value FROM customer_field_values WHERE customer_id = {mark}", wanted)  # noqa: S608  # no input
    told = sorted((row[0], row[1]) for row in rows)
    assert told == [("custom_fields.since", "2020-01-01"), ("custom_fields.size", "52")]


async def test_who_reads_and_who_writes_a_field(declared: HubUnderTest) -> None:
    """S-61: the policy says who may at all, a definition narrows it; what is not seen is as if it were not there."""
    manager, admin = (declared.client_of(make_principal(role)) for role in ("manager", "admin"))
    customer = await create_customer(manager, custom_fields={"hr_only": "x", "locked": "y", "size": 33})
    assert (await read_customer(manager, customer))["custom_fields"] == {"size": 33, "hr_only": "x", "locked": "y"}
    assert (await read_customer(admin, customer))["custom_fields"] == {"size": 33, "locked": "y"}
    path = path_of(customer)
    problem_of(await admin.patch(path, json={"custom_fields": {"hr_only": "z"}}), 422, "custom_field_unknown")
    refused = problem_of(await admin.patch(path, json={"custom_fields": {"locked": "z"}}), 403, "field_not_writable")
    assert [error["pointer"] for error in refused["errors"]] == ["#/custom_fields/locked"]
    assert (await manager.patch(path, json={"custom_fields": {"locked": "z"}})).status_code == 200
    problem_of(await admin.get("/v1/customers", params={"custom": "hr_only:x"}), 422, "custom_field_unknown")
    blind = declared.client_of(make_principal(fields=everything(Access.WRITE) | {"custom_fields": Access.HIDDEN}))
    assert (await read_customer(blind, customer))["custom_fields"] is None
    problem_of(await blind.patch(path, json={"custom_fields": {"size": 34}}), 403, "field_not_writable")
    problem_of(await blind.get("/v1/customers", params={"custom": "size:33"}), 403, "field_hidden")
    tags = [(await client.get(path)).headers["etag"] for client in (manager, admin)]
    assert tags[0] != tags[1]


async def test_forms_hold_the_fields_of_their_caller(declared: HubUnderTest) -> None:
    """contract_j6: with names in both languages, choices of vocabularies, and what the caller may write."""
    manager, admin = (declared.client_of(make_principal(role)) for role in ("manager", "admin"))
    form = (await manager.get("/v1/forms/customer")).json()["update"]["properties"]
    custom = form["custom_fields"]
    assert custom["additionalProperties"] is False
    assert {"size", "colours", "passport", "hr_only", "locked"} <= set(custom["properties"])
    assert custom["properties"]["size"]["anyOf"][0] == {"type": "integer", "minimum": 20, "maximum": 60}
    assert custom["properties"]["passport"]["x-sensitive"] is True
    assert {"const": "lead", "title": "Lead", "x-labels": {"en": "Lead", "zh": "线索"}} in form["stage"]["oneOf"]
    assert form["needs"]["items"]["x-vocabulary"] == "need"
    assert form["category"]["anyOf"][1] == {"type": "null"}
    narrow = (await admin.get("/v1/forms/customer")).json()["update"]["properties"]["custom_fields"]["properties"]
    assert not {"hr_only", "locked"} & set(narrow)
    await declare(declared.api, "fresh", {"type": "boolean"}, required=True)
    form = (await manager.get("/v1/forms/customer")).json()["create"]["properties"]["custom_fields"]["properties"]
    assert form["fresh"]["x-required"] is True


async def test_of_racing_patches_of_different_fields_both_stay(api: ApiClient) -> None:
    customer = await create_customer(api, custom_fields={"size": 30})
    bodies: list[dict[str, Any]] = [{"nickname": "Bobo"}, {"member": True}, {"passport": SECRET}, {"size": 40}]
    answers = await asyncio.gather(*(api.patch(path_of(customer), json={"custom_fields": body}) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert (await read_customer(api, customer))["custom_fields"] == {
        "nickname": "Bobo", "size": 40, "member": True, "passport": "****",
    }  # fmt: skip
