"""How common a value is, asked of a hub where many hold it: bounded, and the number of a batch (MATCHING 1)."""

from __future__ import annotations

import pytest

from custhub.features.matching.models import MatchKeyRow
from custhub.features.matching.queries import count_holders, holders_of
from custhub.features.matching.repository import add_keys
from custhub.features.matching.service import counting
from custhub.features.matching.service.counting import HolderCount
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
from tests.features.matching import test_check_duplicates
from tests.hub import HubUnderTest

RARE, COMMON, NOBODYS = -5, 7, 11


async def hold(hub: HubUnderTest, key: int, count: int) -> None:
    """So many more hold a key."""
    uow = hub.app.hub.unit_of_work(SYSTEM, "test")
    add_keys(uow, [MatchKeyRow(key, new_id()) for _ in range(count)])
    await uow.commit()


async def test_no_more_holders_are_counted_than_asked_for(fresh_hub: HubUnderTest) -> None:
    await hold(fresh_hub, RARE, 2)
    await hold(fresh_hub, COMMON, 10_003)
    found = await holders_of(fresh_hub.app.database, [RARE, COMMON, NOBODYS], 1_000)
    assert found == {RARE: 2, COMMON: 1_000, NOBODYS: 0}
    assert await count_holders(fresh_hub.app.database, COMMON) == 10_003


async def test_holders_of_a_common_value_are_counted_once_in_a_while(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_FEW", 3)
    database, time = fresh_hub.app.database, [0.0]
    counted = HolderCount(lambda: time[0])
    await hold(fresh_hub, RARE, 2)
    await hold(fresh_hub, COMMON, 5)
    assert await counted.of(database, [RARE, COMMON]) == {RARE: 2, COMMON: 5}
    await hold(fresh_hub, RARE, 1)
    await hold(fresh_hub, COMMON, 1)
    assert await counted.of(database, [RARE, COMMON]) == {RARE: 3, COMMON: 5}
    time[0] = 1.0
    assert await counted.of(database, [RARE, COMMON]) == {RARE: 3, COMMON: 6}


async def test_the_score_of_a_common_value_is_that_of_a_batch(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_FEW", 2)
    await test_check_duplicates.test_the_score_is_that_of_a_batch_over_the_same_people(fresh_hub)
