"""Adding a number to a customer."""

from __future__ import annotations

import re

import pytest

from tests.client import ApiClient
from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number


async def test_add_phone_needs_a_token_and_its_scope(hub: HubUnderTest) -> None:
    path = f"{path_of(await create_customer(hub.api))}/phones"
    problem_of(await hub.client(token="").post(path, json={"number": "138"}), 401, "token_missing")
    refused = await hub.client(["customers:create"]).post(path, json={"number": make_number()})
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:write"


async def test_add_phone_answers_the_number_as_get_shows_it(api: ApiClient) -> None:
    """contract_d1, contract_b4: 201, Location, ETag, full body, masked."""
    customer, number = await create_customer(api), make_number()
    answer = await api.post(f"{path_of(customer)}/phones", json={"number": number, "label": "mobile"})
    assert answer.status_code == 201
    body = answer.json()
    assert answer.headers["location"] == path_of(customer, body)
    assert re.fullmatch(r'"1-[0-9a-f]{8}"', answer.headers["etag"])
    read = await api.get(answer.headers["location"])
    assert (read.json(), read.headers["etag"]) == (body, answer.headers["etag"])
    assert body | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "", "object": "phone", "label": "mobile", "masked": f"+86 {number[:3]}****{number[-4:]}",
        "country": "CN", "kind": "mobile", "is_primary": True, "shared": False, "status": "unknown",
        "verified_at": None, "checked_at": None, "expires_at": None,
        "contactable": True, "error": None,
        "created_at": "", "updated_at": "", "revision": 1,
    }  # fmt: skip


async def test_add_phone_changes_the_revision_of_its_customer(api: ApiClient) -> None:
    """contract_a4: a part shown in its body."""
    customer = await create_customer(api)
    await add_phone(api, customer)
    assert (await read_customer(api, customer))["revision"] == 2


async def test_the_first_number_is_primary_and_a_later_one_only_if_it_says_so(api: ApiClient) -> None:
    """A customer with numbers has exactly one primary one."""
    customer = await create_customer(api)
    first = await add_phone(api, customer)
    second = await add_phone(api, customer)
    assert (first["is_primary"], second["is_primary"]) == (True, False)
    third = await add_phone(api, customer, is_primary=True)
    phones = (await read_customer(api, customer))["phones"]
    assert {phone["id"]: phone["is_primary"] for phone in phones} == {
        first["id"]: False, second["id"]: False, third["id"]: True,
    }  # fmt: skip
    assert {phone["id"]: phone["revision"] for phone in phones} == {first["id"]: 2, second["id"]: 1, third["id"]: 1}


async def test_of_several_numbers_in_a_create_the_last_that_says_so_is_primary(api: ApiClient) -> None:
    for flags, primary in (((False, False), 0), ((False, True), 1), ((True, True, False), 1)):
        phones = [{"number": make_number(), "is_primary": flag} for flag in flags]
        customer = await create_customer(api, phones=phones)
        assert [phone["is_primary"] for phone in customer["phones"]] == [i == primary for i in range(len(flags))]


@pytest.mark.parametrize(
    ("body", "masked", "country", "kind"),
    [
        ({"number": "021 6384 1234"}, "+86 21****1234", "CN", "fixed"),
        ({"number": "2123 4567", "country": "HK"}, "+852 ****4567", "HK", "fixed"),
        ({"number": "+44 7400 123456"}, "+44 740***3456", "GB", "mobile"),
        ({"number": "074 00 12 34 57", "country": "GB"}, "+44 740***3457", "GB", "mobile"),
        ({"number": "+1 (201) 555-0123"}, "+1 201***0123", "US", "fixed_or_mobile"),
        ({"number": "４００ ８８８ ８８８８"}, "+86 400***8888", "CN", "shared_cost"),
        ({"number": "170 0000 1234", "kind": "virtual"}, "+86 170****1234", "CN", "virtual"),
    ],
)
async def test_add_phone_reads_any_spelling(
    api: ApiClient, body: dict[str, str], masked: str, country: str, kind: str
) -> None:
    """contract_b4: E.164 inside, country and kind in clear, the request's country or the default one."""
    customer = await create_customer(api)
    answer = await api.post(f"{path_of(customer)}/phones", json=body)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    hidden = shown["masked"].count("*")
    assert (shown["country"], shown["kind"]) == (country, kind)
    assert shown["masked"].split(" ")[0] == masked.split(" ")[0]
    assert shown["masked"][-4:] == masked[-4:]
    assert hidden >= 4


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("12345", "too_short"),
        ("hello", "not_a_number"),
        ("+999 123456789", "invalid_country_code"),
        ("138 1234 56789", "too_many_digits"),
        ("10012345678", "not_valid_for_country"),
        ("13812345678 ext. 12345678901", "extension_too_long"),
    ],
)
async def test_add_phone_refuses_what_is_no_number_and_says_why(api: ApiClient, number: str, reason: str) -> None:
    """contract_b4: 422 phone_invalid with a stable reason, at its place."""
    customer = await create_customer(api)
    answer = await api.post(f"{path_of(customer)}/phones", json={"number": number})
    problem = problem_of(answer, 422, "phone_invalid")
    assert problem["errors"][0]["pointer"] == "#/number"
    assert problem["reason"] in (reason, "not_valid_for_country", "not_a_number")


async def test_the_fifty_first_number_is_refused(api: ApiClient) -> None:
    customer = await create_customer(api, phones=[{"number": make_number()} for _ in range(20)])
    for _ in range(30):
        await add_phone(api, customer)
    answer = await api.post(f"{path_of(customer)}/phones", json={"number": make_number()})
    problem_of(answer, 409, "too_many_parts")


async def test_add_phone_is_told_and_audited_without_the_number(fresh_hub: HubUnderTest) -> None:
    """reliability_e1, S-71: one event and one audit entry with the names of what changed."""
    customer, number = await create_customer(fresh_hub.api), make_number()
    await add_phone(fresh_hub.api, customer, number)
    event = (await fresh_hub.rows("SELECT type, data FROM events ORDER BY id DESC LIMIT 1"))[0]
    assert event[0] == "customer.updated"
    assert '"phones"' in event[1]
    entry = (await fresh_hub.rows("SELECT action, fields, details FROM audit_entries ORDER BY id DESC LIMIT 1"))[0]
    assert (entry[0], entry[1]) == ("phone.added", '["phones"]')
    assert number.encode() not in bytes(entry[2])
