"""Parts under concurrency: no lost update, one primary, one winner per ETag."""

from __future__ import annotations

import asyncio

import pytest

from tests.customers import create_customer, path_of, problem_of, read_customer
from tests.hub import HubUnderTest, make_number


async def test_of_two_racing_patches_of_one_address_with_one_etag_exactly_one_wins(hub: HubUnderTest) -> None:
    """contract_d2."""
    for _ in range(5):
        customer = await create_customer(hub.api, addresses=[{"street": "1 Road"}])
        path = f"{path_of(customer)}/addresses/{customer['addresses'][0]['id']}"
        etag = (await hub.api.get(path)).headers["etag"]
        answers = await asyncio.gather(
            *(hub.api.patch(path, json={"street": f"{i} Road"}, headers={"if-match": etag}) for i in (2, 3))
        )
        won = [answer for answer in answers if answer.status_code == 200]
        lost = [answer for answer in answers if answer.status_code == 412]
        assert (len(won), len(lost)) == (1, 1)
        assert (await hub.api.get(path)).json() == won[0].json()
        assert lost[0].headers["etag"] == won[0].headers["etag"]


async def test_racing_patches_without_etag_all_land_and_none_is_lost(hub: HubUnderTest) -> None:
    """A request that ran again reads what the others wrote, parts included."""
    customer = await create_customer(hub.api, addresses=[{"street": "1 Road", "city": "Springfield", "country": "US"}])
    address = customer["addresses"][0]
    path = f"{path_of(customer)}/addresses/{address['id']}"
    bodies = [
        {"label": "x"},
        {"street": "2 Road"},
        {"city": "Shelbyville"},
        {"postcode": "12345"},
        {"district": "West"},
    ]
    answers = await asyncio.gather(*(hub.api.patch(path, json=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * len(bodies)
    now = (await hub.api.get(path)).json()
    expected = {name: value for body in bodies for name, value in body.items()}
    assert {name: now[name] for name in expected} == expected
    assert now["revision"] == 1 + len(bodies)
    assert (await read_customer(hub.api, customer))["revision"] == 1 + len(bodies)


async def test_racing_claims_to_be_primary_leave_exactly_one(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, emails=[{"email": f"a{i}@example.com"} for i in range(8)])
    path = f"{path_of(customer)}/emails"
    answers = await asyncio.gather(
        *(hub.api.patch(f"{path}/{email['id']}", json={"is_primary": True}) for email in customer["emails"])
    )
    assert [answer.status_code for answer in answers] == [200] * 8
    now = (await hub.api.get(path)).json()["data"]
    assert sum(email["is_primary"] for email in now) == 1


async def test_racing_removals_leave_a_primary(hub: HubUnderTest) -> None:
    customer = await create_customer(hub.api, emails=[{"email": f"a{i}@example.com"} for i in range(6)])
    path = f"{path_of(customer)}/emails"
    doomed = customer["emails"][:5] + customer["emails"][:5]
    answers = await asyncio.gather(*(hub.api.delete(f"{path}/{email['id']}") for email in doomed))
    assert sorted(answer.status_code for answer in answers) == [204] * 5 + [404] * 5
    left = (await hub.api.get(path)).json()["data"]
    assert [(email["email"], email["is_primary"]) for email in left] == [("a5@example.com", True)]


async def test_twenty_racing_adds_of_one_external_id_give_it_to_one_customer(hub: HubUnderTest) -> None:
    """S-13 for partners' ids."""
    customers = [await create_customer(hub.api) for _ in range(20)]
    key = {"source": "shop", "id": make_number()}
    answers = await asyncio.gather(*(hub.api.post(f"{path_of(c)}/external-ids", json=key) for c in customers))
    won = [c["id"] for c, answer in zip(customers, answers, strict=True) if answer.status_code == 201]
    assert len(won) == 1
    for answer in answers:
        if answer.status_code != 201:
            assert problem_of(answer, 409, "external_id_taken")["existing_id"] == won[0]


@pytest.mark.parametrize("part", ["emails", "addresses"])
async def test_racing_adds_never_pass_the_limit(hub: HubUnderTest, part: str) -> None:
    bodies = {"emails": {"email": "a@example.com"}, "addresses": {"street": "1 Road"}}
    customer = await create_customer(hub.api, **{part: [bodies[part]] * 20})
    path = f"{path_of(customer)}/{part}"
    for _ in range(25):
        assert (await hub.api.post(path, json=bodies[part])).status_code == 201
    answers = await asyncio.gather(*(hub.api.post(path, json=bodies[part]) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 5
    assert len((await hub.api.get(path)).json()["data"]) == 50
