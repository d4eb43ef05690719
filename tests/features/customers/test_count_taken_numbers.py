"""A number refused because somebody out of reach has it was looked up, and counts as that (S-14)."""

from __future__ import annotations

from typing import Any

import pytest

from custhub.security.reach import scoped
from tests.client import ApiClient
from tests.customers import create_customer, path_of, problem_of
from tests.hub import HubUnderTest, make_customer, make_number
from tests.principals import make_principal


def with_number(number: str, **members: Any) -> dict[str, Any]:
    return make_customer(phones=[{"number": number}], source="shop", **members)


def shop_client(hub: HubUnderTest) -> ApiClient:
    return hub.client_of(make_principal(kind="client", reach=scoped(sources=["shop"])))


async def lookups(hub: HubUnderTest) -> int:
    return int((await hub.rows("SELECT count(*) FROM phone_uses WHERE kind = 'lookup'"))[0][0])


async def taken_elsewhere(hub: HubUnderTest, count: int) -> list[str]:
    numbers = [make_number() for _ in range(count)]
    for number in numbers:
        await create_customer(hub.api, source="elsewhere", phones=[{"number": number}])
    return numbers


async def test_create_with_a_number_out_of_reach_counts_as_a_lookup(fresh_hub: HubUnderTest) -> None:
    shop = shop_client(fresh_hub)
    (number,) = await taken_elsewhere(fresh_hub, 1)
    problem = problem_of(await shop.post("/v1/customers", json=with_number(number)), 409, "phone_taken")
    assert "existing_id" not in problem
    assert await lookups(fresh_hub) == 1


async def test_add_and_change_and_restore_of_a_number_count_too(fresh_hub: HubUnderTest) -> None:
    shop = shop_client(fresh_hub)
    (number,) = await taken_elsewhere(fresh_hub, 1)
    mine = await create_customer(shop, source="shop")
    path = path_of(mine)
    problem_of(await shop.post(f"{path}/phones", json={"number": number}), 409, "phone_taken")
    shared = (await shop.post(f"{path}/phones", json={"number": number, "shared": True})).json()
    problem_of(await shop.patch(f"{path}/phones/{shared['id']}", json={"shared": False}), 409, "phone_taken")
    assert await lookups(fresh_hub) == 2


async def test_a_refusal_that_names_its_holder_or_oneself_is_no_lookup(fresh_hub: HubUnderTest) -> None:
    shop = shop_client(fresh_hub)
    number = make_number()
    mine = await create_customer(shop, **with_number(number))
    named = problem_of(await shop.post("/v1/customers", json=with_number(number)), 409, "phone_taken")
    assert named["existing_id"] == mine["id"]
    problem_of(await shop.post(f"{path_of(mine)}/phones", json={"number": number}), 409, "phone_taken")
    assert await lookups(fresh_hub) == 0


async def test_used_up_lookups_refuse_to_tell_more(limited_hub: HubUnderTest) -> None:
    """S-24: 30 a minute; creating is no way round it, and free numbers are stored all the same."""
    shop = shop_client(limited_hub)
    numbers = await taken_elsewhere(limited_hub, 32)
    for number in numbers[:30]:
        problem_of(await shop.post("/v1/customers", json=with_number(number)), 409, "phone_taken")
    refused = await shop.post("/v1/customers", json=with_number(numbers[30]))
    problem_of(refused, 429, "lookup_quota_exceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 61
    assert (await shop.post("/v1/customers", json=with_number(make_number()))).status_code == 201
    limited_hub.clock.advance(61)
    problem_of(await shop.post("/v1/customers", json=with_number(numbers[31])), 409, "phone_taken")


async def test_completing_a_mask_by_creating_is_refused(limited_hub: HubUnderTest) -> None:
    """S-24: 20 distinct numbers a day that share their last four digits."""
    shop = shop_client(limited_hub)
    numbers = [f"138{i:04d}7777" for i in range(22)]
    for number in numbers:
        await create_customer(limited_hub.api, source="elsewhere", phones=[{"number": number}])
    for number in numbers[:20]:
        problem_of(await shop.post("/v1/customers", json=with_number(number)), 409, "phone_taken")
    problem_of(await shop.post("/v1/customers", json=with_number(numbers[20])), 429, "lookup_pattern_refused")


@pytest.mark.parametrize("query", ["", "?atomic=true"])
async def test_batch_counts_each_number_out_of_reach_even_when_nothing_is_stored(
    limited_hub: HubUnderTest, query: str
) -> None:
    """S-14: a batch that is rolled back told as much as one that is not."""
    shop = shop_client(limited_hub)
    numbers = await taken_elsewhere(limited_hub, 35)
    items = [with_number(number) for number in numbers]
    first = await shop.post(
        f"/v1/customers/batch{query}", json={"items": items[:20]}, headers={"idempotency-key": "count-first"}
    )
    assert first.status_code == (422 if query else 200)
    assert await lookups(limited_hub) == 20
    second = await shop.post(
        f"/v1/customers/batch{query}", json={"items": items[15:]}, headers={"idempotency-key": "count-second"}
    )
    if query:
        codes = [error["code"] for error in problem_of(second, 422, "batch_refused")["errors"]]
    else:
        codes = [result["error"]["code"] for result in second.json()["results"]]
    assert codes == ["phone_taken"] * 10 + ["lookup_quota_exceeded"] * 10
    assert await lookups(limited_hub) == 30
