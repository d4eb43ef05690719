"""What fuzzing the running hub has found: each a request that was once answered against the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from custhub.kit.ids import Prefix, new_id, to_text
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_customer, make_number

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("sent", ["yes", "true", 1, 0, 1.0, "", []])
async def test_only_true_and_false_are_booleans(api: ApiClient, sent: Any) -> None:
    """contract_b5: `yes` and 1 were read as true."""
    path = path_of(await create_customer(api))
    answer = await api.post(f"{path}/emails", json={"email": "a@example.com", "is_primary": sent})
    problem = problem_of(answer, 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/is_primary", "wrong_type")]


@pytest.mark.parametrize("sent", ["50", "5_0", " 5", True, 5.5, [5], ""])
async def test_only_whole_numbers_are_integers(api: ApiClient, sent: Any) -> None:
    """contract_b5: texts and true were read as numbers."""
    answer = await api.post("/v1/customers/lookup", json={"phone_last4": "0000", "limit": sent})
    problem = problem_of(answer, 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("#/limit", "wrong_type")]


async def test_a_whole_number_with_a_point_is_an_integer(api: ApiClient) -> None:
    """contract_b5: JSON Schema tells 5.0 from 5 as little as JSON does."""
    answer = await api.post("/v1/customers/lookup", json={"phone_last4": "0000", "limit": 5.0})
    assert answer.status_code == 200


@pytest.mark.parametrize("sent", [False, True, "8", "8.0", "", [8.0]])
async def test_only_numbers_are_numbers(api: ApiClient, sent: Any) -> None:
    """contract_b5: false became the threshold 0."""
    for path, body in (
        ("/v1/duplicates/settings", {"merge_bits": sent}),
        ("/v1/duplicates/bulk-merges", {"threshold": sent, "dry_run": True}),
    ):
        call = api.patch if path.endswith("settings") else api.post
        problem = problem_of(await call(path, json=body), 422, "validation_failed")
        assert {e["code"] for e in problem["errors"]} == {"wrong_type"}


@pytest.mark.parametrize("sent", ["1_0", " 10", "10 ", "+10", "10.0", "010", "-0", "1e1", "", "١٠", "0x10"])
async def test_an_integer_parameter_has_one_spelling(api: ApiClient, sent: str) -> None:
    """contract_c2: all of these were ten, or none."""
    problem = problem_of(await api.get("/v1/customers", params={"limit": sent}), 422, "validation_failed")
    assert [(e["pointer"], e["code"], e["location"]) for e in problem["errors"]] == [("#/limit", "wrong_type", "query")]


@pytest.mark.parametrize("name", ["limit", "sort", "archived", "created_at_gte"])
async def test_a_single_parameter_sent_twice_is_refused(api: ApiClient, name: str) -> None:
    """contract_c3: repeating makes sets; of a single value the last one won silently."""
    value = {"limit": "5", "sort": "name", "archived": "any"}.get(name, "2026-01-31T08:00:00Z")
    problem = problem_of(
        await api.get("/v1/customers", params=[(name, value), (name, value)]), 422, "validation_failed"
    )
    assert [(e["pointer"], e["code"], e["location"]) for e in problem["errors"]] == [(f"#/{name}", "repeated", "query")]
    assert (await api.get("/v1/customers", params=[("tag", "a"), ("tag", "a")])).status_code == 200


async def test_an_altered_cursor_is_refused_also_where_base64_forgives(api: ApiClient) -> None:
    """contract_c2: characters that a lenient decoder skips are an alteration too."""
    for _ in range(2):
        await create_customer(api)
    cursor = (await api.get("/v1/customers", params={"limit": 1})).json()["next_cursor"]
    last = cursor[:-1] + chr(ord(cursor[-1]) ^ 1)
    swapped = cursor.swapcase()
    for sent in ("", "!", "é", cursor + "!", cursor + "\n", cursor + "=", cursor + "==", f"{cursor[:5]}!{cursor[5:]}"):
        problem_of(await api.get("/v1/customers", params={"limit": 1, "cursor": sent}), 422, "invalid_cursor")
    for sent in (last, swapped, cursor + "A", cursor[:-1], cursor * 2):
        assert (await api.get("/v1/customers", params={"limit": 1, "cursor": sent})).status_code == 422
    assert (await api.get("/v1/customers", params={"limit": 1, "cursor": cursor})).status_code == 200


@pytest.mark.parametrize("raw", ["%ED%A0%80", "%FF", "a%C3", "%F5%80%80%80", "%C0%AF"])
async def test_what_is_not_utf8_in_an_address_is_refused(api: ApiClient, raw: str) -> None:
    """contract_p17: it became replacement characters, which were then stored or searched."""
    path = path_of(await create_customer(api))
    for method in ("PUT", "DELETE"):
        problem = problem_of(await api.request(method, f"{path}/tags/{raw}"), 422, "validation_failed")
        assert {e["location"] for e in problem["errors"]} == {"path"}
    problem = problem_of(await api.get(f"/v1/customers?tag={raw}"), 422, "validation_failed")
    assert [(e["pointer"], e["location"]) for e in problem["errors"]] == [("#/tag", "query")]
    problem_of(await api.get(f"/v1/customers?%74ag{raw}=x"), 422, "unknown_field")


async def test_a_replacement_character_itself_is_a_character(api: ApiClient) -> None:
    """contract_p17: well-formed UTF-8 stays what it is."""
    path = path_of(await create_customer(api))
    answer = await api.put(f"{path}/tags/a%EF%BF%BD%C3%A9")
    assert (answer.status_code, answer.json()["tag"]) == (200, "a\ufffdé")
    assert (await api.get("/v1/customers?tag=a%EF%BF%BD%C3%A9")).json()["data"][0]["tags"][0]["tag"] == "a\ufffdé"


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
async def test_a_header_longer_than_documented_is_refused(api: ApiClient, name: str) -> None:
    """contract_b5: it was compared, which answered 412 or 200."""
    customer = await create_customer(api)
    limit = {"If-Match": 256, "If-None-Match": 1024}[name]
    for method in ("GET", "PATCH") if name == "If-None-Match" else ("PATCH",):
        for length, refused in ((limit, False), (limit + 1, True)):
            answer = await api.request(
                method, path_of(customer), headers={name: "x" * length}, json={} if method == "PATCH" else None
            )
            assert (answer.status_code == 422) is refused
            if refused:
                error = answer.json()["errors"][0]
                assert (error["location"], error["code"]) == ("header", "too_long")


@pytest.mark.parametrize("body", [{}, {"limit": 5}, {"country": "CN"}, {"phone": "138", "phone_last4": "0000"}])
async def test_a_lookup_is_one_of_two(api: ApiClient, body: dict[str, Any]) -> None:
    """contract_b4: `{phone, country?}` or `{phone_last4, cursor?, limit?}`."""
    problem_of(await api.post("/v1/customers/lookup", json=body), 422, "lookup_ambiguous")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"phone": None}, "#/phone", "null_not_allowed"),
        ({"phone_last4": None}, "#/phone_last4", "null_not_allowed"),
        ({"phone": "138", "limit": 5}, "#/limit", "unknown_field"),
        ({"phone_last4": "0000", "country": "CN"}, "#/country", "unknown_field"),
        ({"phone_last4": "12x4"}, "#/phone_last4", "pattern_mismatch"),
    ],
)
async def test_a_lookup_names_the_member_it_refuses(
    api: ApiClient, body: dict[str, Any], pointer: str, code: str
) -> None:
    """contract_e2: pointers lead to members, not to branches of a schema."""
    answer = await api.post("/v1/customers/lookup", json=body)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


async def test_a_reference_to_nothing_is_a_conflict_with_what_is_stored(hub: HubUnderTest) -> None:
    """contract_e1: 422 says that a request can never be accepted; these can, once the other thing is there."""
    api, path = hub.api, path_of(await create_customer(hub.api))
    user, team, person = (to_text(prefix, new_id()) for prefix in (Prefix.USER, Prefix.TEAM, Prefix.CUSTOMER))
    organisation = await create_customer(api, kind="organisation", display_name="x")
    for answer, code, pointer in (
        (await api.post("/v1/customers", json=make_customer(owner_id=user)), "owner_unknown", "#/owner_id"),
        (await api.patch(path, json={"team_id": team}), "team_unknown", "#/team_id"),
        (
            await api.post(f"{path_of(organisation)}/contacts", json={"name": "x", "person_id": person}),
            "person_unknown",
            "#/person_id",
        ),
        (await api.post("/v1/teams", json={"name": "x", "parent_id": team}), "reference_unknown", "#/parent_id"),
    ):
        assert [e["pointer"] for e in problem_of(answer, 409, code)["errors"]] == [pointer]
    problem_of(await api.post(f"{path}/contacts", json={"name": "x"}), 409, "contact_not_allowed")


async def test_unknown_parameters_of_oauth_forms_are_ignored(hub: HubUnderTest) -> None:
    """contract_h1: RFC 6749, section 3.1, and RFC 7009 say so, and the document now does too."""
    api = hub.client(token="")
    answer = await api.post("/v1/oauth/revoke", data={"token": "x", "unheard": "y"})
    assert answer.status_code == 200
    schemas = hub.app.api.openapi()["components"]["schemas"]
    for name in ("TokenForm", "RevocationForm"):
        assert schemas[name]["additionalProperties"] is not False


def test_every_text_of_a_request_is_documented_without_nul(hub: HubUnderTest) -> None:
    """contract_p17, contract_b5: what the reader refuses stands in the document."""
    document = hub.app.api.openapi()
    create = document["components"]["schemas"]["CustomerCreate"]["properties"]
    assert create["note"]["anyOf"][0]["pattern"] == "^[^\\u0000]*$"
    (tag,) = (p for p in document["paths"]["/v1/customers"]["get"]["parameters"] if p["name"] == "tag")
    assert tag["schema"]["items"]["pattern"] == "^[^\\u0000]*$"
    assert "pattern" not in document["components"]["schemas"]["Customer"]["properties"]["note"]["anyOf"][0]


def test_conditional_headers_stand_in_the_operation(hub: HubUnderTest) -> None:
    """contract_j1: generators and fuzzers that know them by name follow no reference."""
    paths = hub.app.api.openapi()["paths"]
    named = {p.get("name"): p for p in paths["/v1/customers/{customer_id}"]["patch"]["parameters"]}
    assert named["If-Match"]["required"] is False
    assert "Idempotency-Key" in {p.get("name") for p in paths["/v1/customers"]["post"]["parameters"]}


async def test_a_phone_of_a_lookup_is_still_found(api: ApiClient) -> None:
    """contract_b4: both shapes work."""
    number = make_number()
    customer = await create_customer(api, phones=[{"number": number}])
    for body in ({"phone": number}, {"phone": number, "country": "CN"}, {"phone_last4": number[-4:], "limit": 5}):
        found = (await api.post("/v1/customers/lookup", json=body)).json()["data"]
        assert customer["id"] in {one["id"] for one in found}


async def test_nul_in_an_address_is_refused_with_an_idempotency_key_too(api: ApiClient) -> None:
    """contract_d3: the refusal is stored under the path, and PostgreSQL stores no NUL."""
    answer = await api.post("/v1/customers/%00/archive", headers={"Idempotency-Key": "nul-in-a-path"})
    assert answer.status_code == 422
    answer = await api.post("/v1/customers/a%00b/phones", json={}, headers={"Idempotency-Key": "nul-in-a-path"})
    assert answer.status_code == 422


async def test_a_form_that_is_too_large_is_refused_as_a_problem(hub: HubUnderTest) -> None:
    """contract_p18, contract_e1: 413 was plain text, and a form without a declared length had no limit at all."""
    api = hub.client(token="")

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b"token=" + b"x" * 1_000 + b"&"

    headers = {"content-type": FORM}
    for content in (b"token=" + b"x" * 70_000, chunks()):
        answer = await api.post("/v1/oauth/revoke", content=content, headers=headers)
        problem_of(answer, 413, "payload_too_large")
    answer = await api.post("/v1/oauth/revoke", content=b"token=" + b"x" * 60_000, headers=headers)
    assert answer.status_code == 200


async def test_s46_a_revocation_of_nothing_is_answered_as_every_other_one_and_documented(hub: HubUnderTest) -> None:
    """The document said that a body has to be there."""
    answer = await hub.client(token="").post("/v1/oauth/revoke")
    assert (answer.status_code, answer.json()) == (200, {})
    operation = hub.app.api.openapi()["paths"]["/v1/oauth/revoke"]["post"]
    assert operation["requestBody"]["required"] is False


@pytest.mark.parametrize("media", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_a_form_of_another_media_type_answers_415(hub: HubUnderTest, media: str) -> None:
    """contract_p9: it was read as an empty form."""
    headers = {"content-type": media} if media else {}
    answer = await hub.client(token="").post("/v1/oauth/revoke", content=b"token=x", headers=headers)
    problem_of(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(("coding", "status"), [("gzip", 415), ("br", 415), ("Identity", 201)])
async def test_a_packed_body_is_refused_by_name(api: ApiClient, coding: str, status: int) -> None:
    """contract_p9: it was read as if nobody had said so."""
    headers = {"content-type": "application/json", "content-encoding": coding}
    answer = await api.post("/v1/customers", content=b'{"display_name": "x"}', headers=headers)
    assert answer.status_code == status
