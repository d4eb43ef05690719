"""Who was told apart stays apart, whoever they become."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import pytest

from custhub.features.matching.links import CustomerMatching
from custhub.features.matching.service.cannot_links import forbid, forbidden_among
from custhub.kit.customer_link import Joined
from custhub.kit.uow import SYSTEM, UnitOfWork
from tests.canonical import id_of
from tests.customers import create_customer
from tests.hub import HubUnderTest
from tests.merges import merge, undone


async def told_apart(hub: HubUnderTest) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two pairs to be merged, whose second ones were told apart from each other."""
    made = [await create_customer(hub.api) for _ in range(4)]
    one, other = made[:2], made[2:]
    uow = hub.app.hub.unit_of_work(SYSTEM, "tests")
    await forbid(uow, [id_of(one[1])], [id_of(other[1])], "not_same")
    await uow.commit()
    return one, other


async def are_apart(hub: HubUnderTest, *customers: Mapping[str, Any]) -> bool:
    return bool(await forbidden_among(hub.app.database, [id_of(one) for one in customers]))


async def test_an_undo_tells_apart_from_who_the_other_has_become(hub: HubUnderTest) -> None:
    """MATCHING 3, 5: both were merged, and one of them is itself again."""
    one, other = await told_apart(hub)
    first, second = await merge(hub.api, one), await merge(hub.api, other)
    assert await are_apart(hub, one[0], other[0])
    await undone(hub.api, first)
    assert await are_apart(hub, one[1], other[0])
    await undone(hub.api, second)
    assert await are_apart(hub, one[1], other[1])


async def test_two_merges_in_one_moment_lose_no_decision(hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """MATCHING 3: each would have stored it of who was being absorbed by the other."""
    one, other = await told_apart(hub)
    met, here, real = asyncio.Event(), list[int](), CustomerMatching.reassign

    async def reassign(self: CustomerMatching, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        here.append(1)
        if len(here) > 1 or hub.engine == "sqlite":  # one writer: there the other one waits for the first
            met.set()
        await met.wait()
        return await real(self, uow, sources, target)

    monkeypatch.setattr(CustomerMatching, "reassign", reassign)
    await asyncio.gather(merge(hub.client(), one), merge(hub.client(), other))
    assert await are_apart(hub, one[0], other[0])
