"""Walking a list while others write never skips nor repeats a row that stayed where it was (contract_c2)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.client import ApiClient
from tests.customers import create_customer, path_of
from tests.hub import HubUnderTest

LIST = "/v1/customers"


async def _page(api: ApiClient, params: dict[str, Any], cursor: str | None) -> tuple[list[str], str | None]:
    answer = await api.get(LIST, params=params | ({"cursor": cursor} if cursor else {}))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return [customer["id"] for customer in body["data"]], body["next_cursor"]


async def _disturb(hub: HubUnderTest, source: str, touched: list[dict[str, Any]], chance: random.Random) -> None:
    """New rows at both ends and in between, changes, archivings of rows that nobody counts on."""
    name = chance.choice(["阿一", "李雷", "曾小贤", "Zoe", "Aaron", "王伟"])
    made = await create_customer(hub.api, source=source, display_name=name)
    if touched:
        victim = touched.pop()
        await hub.api.patch(path_of(victim), json={"display_name": name, "note": "moved"})
        await hub.api.post(f"{path_of(made)}/archive")


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "name", "-name", "updated_at", "-updated_at"])
@pytest.mark.parametrize("same_moment", [True, False], ids=["one moment", "one after the other"])
async def test_rows_that_stay_are_seen_exactly_once(hub: HubUnderTest, sort: str, same_moment: bool) -> None:
    """contract_c2: keyset on (sort key, id), equal keys included."""
    chance = random.Random(f"{sort}{same_moment}")
    source = f"walk{sort.replace('-', '_')}{int(same_moment)}"
    stays: list[str] = []
    touched: list[dict[str, Any]] = []
    for i in range(24):
        name = "王伟" if same_moment else chance.choice(["阿明", "白丽", "陈杰", "周明", "Bob"])
        customer = await create_customer(hub.api, source=source, display_name=name)
        if i % 4 == 3:
            touched.append(customer)
        else:
            stays.append(customer["id"])
        if not same_moment:
            hub.clock.advance(1)
    seen: list[str] = []
    params, cursor = {"source": source, "sort": sort, "limit": 3}, None
    for _ in range(60):
        ids, cursor = await _page(hub.api, params, cursor)
        seen += ids
        if cursor is None:
            break
        await _disturb(hub, source, touched, chance)
    assert cursor is None
    assert [seen.count(customer_id) for customer_id in stays] == [1] * len(stays)


async def test_a_walk_back_is_the_walk_turned_round(hub: HubUnderTest) -> None:
    """contract_c4: id is the tie-break in both directions."""
    for i in range(20):
        await create_customer(hub.api, source="turned", display_name="王伟" if i % 2 else "李雷")
    for sort in ("created_at", "name", "updated_at"):
        walks = []
        for order in (sort, f"-{sort}"):
            ids: list[str] = []
            cursor: str | None = None
            while True:
                found, cursor = await _page(hub.api, {"source": "turned", "sort": order, "limit": 7}, cursor)
                ids += found
                if cursor is None:
                    break
            walks.append(ids)
        assert walks[0] == walks[1][::-1]
        assert len(set(walks[0])) == 20


async def test_a_name_of_any_script_and_length_can_be_walked(hub: HubUnderTest) -> None:
    """contract_c2, contract_b5: the cursor of the longest name still fits."""
    for name in ("ก" * 200, "Ж" * 200, "王" * 200, "z" * 200, "😀" * 200, "'\"\\" * 60):
        await create_customer(hub.api, source="scripts", display_name=name)
    ids: list[str] = []
    cursor: str | None = None
    while True:
        found, cursor = await _page(hub.api, {"source": "scripts", "sort": "name", "limit": 1}, cursor)
        ids += found
        if cursor is None:
            break
        assert len(cursor) <= 500
    assert len(set(ids)) == 6
