"""A storm of equal upserts gives one customer, whatever the key (row 9 of what no other hub has)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.customers import path_of
from tests.hub import HubUnderTest, make_customer, make_number

PATH = "/v1/customers/upsert"


def members_of(kinds: list[str]) -> dict[str, Any]:
    everything: dict[str, Any] = {
        "external_id": ("external_ids", [{"source": "shop", "id": make_number()}]),
        "phone": ("phones", [{"number": make_number()}]),
        "email": ("emails", [{"email": f"r{make_number()}@example.com"}]),
    }
    return dict(everything[kind] for kind in kinds)


async def storm(hub: HubUnderTest, bodies: list[dict[str, Any]]) -> tuple[Counter[str], set[str]]:
    answers = await asyncio.gather(*(hub.api.post(PATH, json=body) for body in bodies))
    refused = [answer.text for answer in answers if answer.status_code not in (200, 201)]
    assert refused == []
    outcomes = Counter(answer.json()["outcome"] for answer in answers)
    return outcomes, {answer.json()["customer"]["id"] for answer in answers}


@pytest.mark.parametrize("kinds", [["external_id"], ["phone"], ["email"], ["external_id", "phone", "email"]])
async def test_a_hundred_equal_upserts_give_one_customer(hub: HubUnderTest, kinds: list[str]) -> None:
    body = {"match_on": kinds, "customer": make_customer(**members_of(kinds))}
    outcomes, ids = await storm(hub, [body] * 100)
    assert outcomes == {"created": 1, "unchanged": 99}
    assert len(ids) == 1


async def test_a_hundred_with_one_address_and_more_lose_nothing(hub: HubUnderTest) -> None:
    """Each adds a tag and a number of its own to the one customer that all of them name by e-mail alone."""
    key = members_of(["email"])
    bodies = [
        {"match_on": ["email"], "customer": make_customer(**key, tags=[f"t{i}"], phones=[{"number": make_number()}])}
        for i in range(30)
    ]
    outcomes, ids = await storm(hub, bodies)
    assert (outcomes, len(ids)) == ({"created": 1, "updated": 29}, 1)
    customer = (await hub.api.get(path_of({"id": ids.pop()}))).json()
    assert (len(customer["tags"]), len(customer["phones"]), len(customer["emails"])) == (30, 30, 1)
    assert sum(phone["is_primary"] for phone in customer["phones"]) == 1
    assert customer["revision"] == 30


async def test_of_many_that_take_over_a_stale_claim_one_creates(hub: HubUnderTest) -> None:
    body = {"match_on": ["email"], "customer": make_customer(**members_of(["email"]))}
    first = (await hub.api.post(PATH, json=body)).json()["customer"]
    await hub.api.post(f"{path_of(first)}/archive")
    outcomes, ids = await storm(hub, [body] * 50)
    assert outcomes == {"created": 1, "unchanged": 49}
    assert first["id"] not in ids


async def test_races_between_addresses_of_one_person_give_one_customer(hub: HubUnderTest) -> None:
    """One names a number and an address, the other the address alone: whoever comes first, they are one."""
    for _ in range(5):
        both = members_of(["phone", "email"])
        bodies = [
            {"match_on": ["phone", "email"], "customer": make_customer(**both)},
            {"match_on": ["email"], "customer": make_customer(emails=both["emails"])},
        ] * 5
        _, ids = await storm(hub, bodies)
        assert len(ids) == 1
