"""Pairs that are decided elsewhere, or by others, while something is at them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import pytest

from custhub.features.duplicates.queries.pairs import PairRecord, pair_by_id
from custhub.features.duplicates.service import deciding
from custhub.features.duplicates.service.gathering import Gathering
from custhub.features.merges.service.merging import Merged, Merging
from custhub.features.merges.service.plans import Plan
from custhub.kit.query import Reader
from custhub.security.reach import Reach
from tests.customers import problem_of
from tests.features.duplicates.desk import DUPLICATES, listed, scan, twins
from tests.hub import HubUnderTest
from tests.merges import merge, undone


async def test_an_undo_of_a_merge_that_no_decision_made_tells_its_pairs_apart(fresh_hub: HubUnderTest) -> None:
    """MATCHING 5: they waited in the queue, and would be there again."""
    hub = fresh_hub
    people = await twins(hub, 3)
    await scan(hub)
    assert len(await listed(hub, state="open")) == 3
    merged = await merge(hub.api, people[:2])
    assert len(await listed(hub, state="open")) == 1
    await undone(hub.api, merged)
    pairs = {frozenset((pair["left_id"], pair["right_id"])): pair["state"] for pair in await listed(hub)}
    apart = frozenset(one["id"] for one in people[:2])
    assert (len(pairs), pairs.pop(apart), set(pairs.values())) == (3, "not_same", {"open"})


@pytest.mark.parametrize("is_known", [True, False])
async def test_an_undo_amid_a_scan_stands(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    """MATCHING 3, 5: the scan had compared them before they were told apart."""
    hub = fresh_hub
    people = await twins(hub)
    if is_known:
        await scan(hub)
    real = Gathering.groups

    async def groups(self: Gathering, parted: Collection[tuple[int, int]]) -> list[list[int]]:
        found = await real(self, parted)
        await undone(hub.api, await merge(hub.api, people))
        return found

    monkeypatch.setattr(Gathering, "groups", groups)
    await scan(hub)
    assert [pair["state"] for pair in await listed(hub)] == (["not_same"] if is_known else [])


@pytest.mark.parametrize("decision", ["not_same", "merge"])
async def test_two_that_are_merged_in_this_moment_are_no_pair(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    """MATCHING 3, 4: a cannot-link of an absorbed customer would be about nobody."""
    hub = fresh_hub
    people = await twins(hub)
    await scan(hub)
    (pair,) = await listed(hub, state="open")
    armed = [True]

    async def found(reader: Reader, reach: Reach, duplicate_id: UUID) -> PairRecord | None:
        read = await pair_by_id(reader, reach, duplicate_id)
        if armed:
            armed.clear()
            await merge(hub.client(), people)
        return read

    monkeypatch.setattr(deciding, "pair_by_id", found)
    answer = await hub.api.post(f"{DUPLICATES}/{pair['id']}/decision", json={"decision": decision})
    problem_of(answer, 404, "duplicate_not_found")
    assert await hub.rows("SELECT * FROM cannot_links") == []


async def test_two_that_are_merged_behind_their_plan_are_no_pair(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MATCHING 4: the plan is made anew under locks, of one customer then."""
    hub = fresh_hub
    people = await twins(hub)
    await scan(hub)
    (pair,) = await listed(hub, state="open")
    armed, real = [True], Merging.commit

    async def commit(self: Merging, plan: Plan, reason: str) -> Merged:
        if armed:
            armed.clear()
            await merge(hub.client(), people)
        return await real(self, plan, reason)

    monkeypatch.setattr(Merging, "commit", commit)
    answer = await hub.api.post(f"{DUPLICATES}/{pair['id']}/decision", json={"decision": "merge"})
    problem_of(answer, 404, "duplicate_not_found")
