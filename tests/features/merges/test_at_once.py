"""Many at once: links come to what they came to one after the other, in as many statements as for two."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest

import custhub.features.consents.links as consents
from custhub.crypto.columns import SealedColumn
from custhub.features.matching.service.cannot_links import forbid
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.db import metadata
from custhub.kit.uow import SYSTEM, UnitOfWork
from tests.canonical import id_of
from tests.customers import create_customer, declare
from tests.hub import HubUnderTest, make_number
from tests.merges import commit, preview, undone
from tests.proofs.undo_world import World

#: Of third customers: told once that a contact changed, not once for each who was joined.
UNLIKE = {"customers": {"revision"}}


async def rows_now(uow: UnitOfWork, tables: Sequence[str]) -> dict[str, list[str]]:
    """All rows of these tables in the open transaction, but for what is sealed: a seal is never the same twice."""
    await uow.flush()
    found: dict[str, list[str]] = {}
    for name in tables:
        columns = [
            column.name
            for column in metadata.tables[name].columns
            if not isinstance(column.type, SealedColumn) and column.name not in UNLIKE.get(name, ())
        ]
        rows = await uow.fetch(f"SELECT {', '.join(columns)} FROM {name}", ())  # noqa: S608  # names of our own
        found[name] = sorted(repr(list(row)) for row in rows)
    return found


class Trial:
    """Links at work in a transaction that is dropped, with ids that are the same each time."""

    def __init__(self, hub: HubUnderTest, patch: pytest.MonkeyPatch) -> None:
        self._hub = hub
        self._patch = patch
        self.links = hub.app.links
        self.tables = sorted({table for link in self.links for table in link.tables})

    def begin(self, turn: int) -> UnitOfWork:
        """Ids of one turn are the same."""
        ids = (UUID(int=(turn << 80) + (0x7000 << 64) + number) for number in range(1, 10_000))
        self._patch.setattr(consents, "new_id", lambda: next(ids))
        return self._hub.app.hub.unit_of_work(SYSTEM, "tests")

    async def reassign(self, uow: UnitOfWork, turns: Sequence[Sequence[UUID]], target: UUID) -> dict[UUID, Any]:
        moved: dict[UUID, dict[str, Any]] = {}
        for sources in turns:
            for link in self.links:
                for own, tables in (await link.reassign(uow, sources, target)).items():
                    moved.setdefault(own, {}).update({table: rows for table, rows in tables.items() if rows})
            await uow.flush()
        told: dict[str, Any] = orjson.loads(orjson.dumps({own.hex: tables for own, tables in moved.items()}))
        return {UUID(hex=own): told[own] for own in told}

    async def give_back(self, uow: UnitOfWork, turns: Sequence[Joined], target: UUID) -> Mapping[UUID, list[Kept]]:
        kept: dict[UUID, list[Kept]] = {}
        for joined in turns:
            for link in self.links:
                for own, rows in (await link.give_back(uow, joined, target)).items():
                    kept.setdefault(own, []).extend(rows)
            await uow.flush()
        return kept


async def test_all_at_once_come_to_what_they_came_to_one_after_the_other(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MATCHING 4, 5: what is moved, what is kept of it, and what comes back."""
    hub = fresh_hub
    await declare(hub.api, "size", {"type": "string"}, filterable=True)
    await declare(hub.api, "card", {"type": "string"}, sensitive=True)
    trial = Trial(hub, monkeypatch)
    for seed in range(3):
        world = World(hub, random.Random(seed))
        await world.begin()
        for _ in range(6):
            await world.happen()
        if world.kind == "person":
            contacts = [{"name": "王伟", "person_id": one["id"]} for one in world.customers]
            await create_customer(hub.api, kind="organisation", display_name="某公司", contacts=contacts)
        await joined_and_parted(world, trial, 2 * seed)
        await world.api.aclose()


async def joined_and_parted(world: World, trial: Trial, turn: int) -> None:
    """Both ways of each, on the same rows."""
    target, *sources = [id_of(one) for one in world.customers]
    uow = trial.begin(turn)
    await forbid(uow, [sources[0]], [*sources[1:], target], "not_same")
    await uow.commit()

    uow = trial.begin(turn)
    one_by_one = await trial.reassign(uow, [[source] for source in sources], target)
    rows = await rows_now(uow, trial.tables)
    await uow.rollback()
    uow = trial.begin(turn)
    joined = await trial.reassign(uow, [sources], target)
    assert joined == one_by_one
    assert await rows_now(uow, trial.tables) == rows
    await uow.commit()

    world.into |= {one["id"]: world.customers[0]["id"] for one in world.customers[1:]}
    for _ in range(6):
        await world.happen()
    uow = trial.begin(turn + 1)
    kept = await trial.give_back(uow, [{source: joined[source]} for source in reversed(sources)], target)
    rows = await rows_now(uow, trial.tables)
    await uow.rollback()
    uow = trial.begin(turn + 1)
    assert await trial.give_back(uow, [{source: joined[source] for source in sources}], target) == kept
    assert await rows_now(uow, trial.tables) == rows
    await uow.rollback()


async def test_statements_do_not_grow_with_the_customers(
    fresh_hub: HubUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement for a row of each would hold everybody up who waits for their locks."""
    hub, counts = fresh_hub, list[int]()
    sent: list[str] = []
    for name in ("fetch", "run"):
        real = getattr(UnitOfWork, name)

        async def counted(self: UnitOfWork, *given: Any, _real: Any = real, **named: Any) -> Any:
            sent.append("one")
            return await _real(self, *given, **named)

        monkeypatch.setattr(UnitOfWork, name, counted)
    for many in (3, 24):
        made = [
            await create_customer(
                hub.api, display_name=f"客户{i}", phones=[{"number": make_number()}], tags=[f"t{i % 3}"],
                emails=[{"email": f"at-once-{many}-{i}@example.com"}],
            )
            for i in range(many)
        ]  # fmt: skip
        plan = await preview(hub.api, made)
        sent.clear()
        merged = await commit(hub.api, plan)
        assert merged.status_code == 201, merged.text
        told = await undone(hub.api, merged.json())
        assert told["conflicts"] == []
        counts.append(len(sent))
    assert counts[0] == counts[1]
