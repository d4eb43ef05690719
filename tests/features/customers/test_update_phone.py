"""Changing, removing and reading numbers of a customer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import add_phone, create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number


async def _with_phone(api: ApiClient, **members: Any) -> tuple[dict[str, Any], str]:
    customer = await create_customer(api)
    phone = await add_phone(api, customer, **members)
    return customer, path_of(customer, phone)


@pytest.mark.parametrize(("method", "scope"), [("PATCH", "customers:write"), ("DELETE", "customers:write")])
async def test_changing_a_phone_needs_a_token_and_its_scope(hub: HubUnderTest, method: str, scope: str) -> None:
    _, path = await _with_phone(hub.api)
    body = {"label": "x"} if method == "PATCH" else None
    problem_of(await hub.client(token="").request(method, path, json=body), 401, "token_missing")
    refused = await hub.client(["customers:read"]).request(method, path, json=body)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == scope


@pytest.mark.parametrize("path", ["{customer}/phones", "{phone}"])
async def test_reading_phones_needs_a_token_and_its_scope(hub: HubUnderTest, path: str) -> None:
    customer, phone = await _with_phone(hub.api)
    path = path.format(customer=path_of(customer), phone=phone)
    assert (await hub.api.get(path)).status_code == 200
    problem_of(await hub.client(token="").get(path), 401, "token_missing")
    refused = await hub.client(["customers:write"]).get(path)
    assert problem_of(refused, 403, "insufficient_scope")["scope"] == "customers:read"


@pytest.mark.parametrize(
    "patch",
    [
        {"label": "office"},
        {"label": None},
        {"shared": True},
        {"status": "active"},
        {"status": "dead"},
        {"expires_at": "2027-01-01T00:00:00Z"},
        {"label": "x", "status": "changed", "shared": True},
    ],
)
async def test_update_phone_changes_what_was_sent(api: ApiClient, patch: dict[str, Any]) -> None:
    """contract_d1: 200, full body, new ETag; the customer's revision moves too (contract_a4)."""
    customer, path = await _with_phone(api, label="mobile")
    before = (await api.get(path)).json()
    answer = await api.patch(path, json=patch)
    assert answer.status_code == 200
    assert answer.json() == before | patch | {"revision": 2}
    assert answer.headers["etag"].startswith('"2-')
    assert (await api.get(path)).json() == answer.json()
    assert (await read_customer(api, customer))["revision"] == 3


@pytest.mark.parametrize("member", ["is_primary", "shared", "status"])
async def test_update_phone_refuses_null_for_what_is_never_null(api: ApiClient, member: str) -> None:
    """contract_p10."""
    _, path = await _with_phone(api)
    problem = problem_of(await api.patch(path, json={member: None}), 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [(f"#/{member}", "null_not_allowed")]


async def test_update_phone_never_changes_the_number(api: ApiClient) -> None:
    """Another number is another row."""
    _, path = await _with_phone(api)
    for member in ("number", "country", "kind", "verified_at"):
        problem_of(await api.patch(path, json={member: "x"}), 422, "unknown_field")


async def test_a_patch_that_changes_nothing_keeps_both_revisions(api: ApiClient) -> None:
    customer, path = await _with_phone(api, label="mobile")
    for patch in ({}, {"label": "mobile"}, {"is_primary": True, "status": "unknown"}):
        assert (await api.patch(path, json=patch)).json()["revision"] == 1
    assert (await read_customer(api, customer))["revision"] == 2


async def test_another_primary_number_takes_the_place_of_the_old_one(api: ApiClient) -> None:
    """Exactly one primary number, always."""
    customer = await create_customer(api)
    first, second, third = [await add_phone(api, customer) for _ in range(3)]

    async def primary() -> str:
        found = [phone["id"] for phone in (await read_customer(api, customer))["phones"] if phone["is_primary"]]
        assert len(found) == 1
        return str(found[0])

    await api.patch(path_of(customer, second), json={"is_primary": True})
    assert await primary() == second["id"]
    await api.patch(path_of(customer, second), json={"is_primary": False})
    assert await primary() == first["id"]
    await api.patch(path_of(customer, third), json={"is_primary": False})
    assert await primary() == first["id"]
    await api.delete(path_of(customer, first))
    assert await primary() == second["id"]
    await api.delete(path_of(customer, third))
    assert (await api.patch(path_of(customer, second), json={"is_primary": False})).json()["is_primary"] is True


async def test_if_match_guards_a_number_by_its_own_revision(api: ApiClient) -> None:
    """contract_d2: on PATCH and DELETE; 412 with the current ETag."""
    customer, path = await _with_phone(api)
    await api.patch(path, json={"label": "x"})
    etag = (await api.get(path)).headers["etag"]
    for answer in (
        await api.patch(path, json={"label": "y"}, headers={"if-match": '"1"'}),
        await api.delete(path, headers={"if-match": '"1"'}),
    ):
        problem_of(answer, 412, "precondition_failed")
        assert answer.headers["etag"] == etag
    assert (await api.patch(path, json={"label": "y"}, headers={"if-match": etag})).status_code == 200
    assert (await api.delete(path, headers={"if-match": '"3"'})).status_code == 204
    assert (await read_customer(api, customer))["phones"] == []


async def test_of_two_racing_patches_of_a_number_exactly_one_wins(hub: HubUnderTest) -> None:
    """contract_d2: the guard is the customer's revision, the condition the number's."""
    _, path = await _with_phone(hub.api)
    for i in range(5):
        etag = (await hub.api.get(path)).headers["etag"]
        answers = await asyncio.gather(
            *(hub.api.patch(path, json={"label": f"{i}-{j}"}, headers={"if-match": etag}) for j in range(2))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_get_phone_saves_the_body_for_a_known_tag(api: ApiClient) -> None:
    """contract_c6."""
    _, path = await _with_phone(api)
    etag = (await api.get(path)).headers["etag"]
    answer = await api.get(path, headers={"if-none-match": etag})
    assert (answer.status_code, answer.content) == (304, b"")


async def test_remove_phone_answers_204_and_then_404(api: ApiClient) -> None:
    """contract_d1: the second DELETE is 404."""
    customer, path = await _with_phone(api)
    answer = await api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    problem_of(await api.delete(path), 404, "phone_not_found")
    problem_of(await api.get(path), 404, "phone_not_found")
    assert (await read_customer(api, customer))["revision"] == 3


async def test_racing_removals_succeed_once(hub: HubUnderTest) -> None:
    """contract_d1: the loser of the race finds nothing."""
    _, path = await _with_phone(hub.api)
    answers = await asyncio.gather(*(hub.api.delete(path) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [204] + [404] * 5


async def test_list_phones_shows_all_in_the_list_shape(api: ApiClient) -> None:
    """contract_c1: data, next_cursor, has_more; the same bodies as in the customer."""
    customer = await create_customer(api, phones=[{"number": make_number()} for _ in range(3)])
    answer = await api.get(f"{path_of(customer)}/phones")
    assert answer.json() == {"data": customer["phones"], "next_cursor": None, "has_more": False}
    assert (await api.get(f"{path_of(await create_customer(api))}/phones")).json()["data"] == []
