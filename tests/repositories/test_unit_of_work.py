"""The unit of work and its write set: the same on both engines (ARCHITECTURE section 5)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, select

from custhub.features.accounts.models import teams
from custhub.features.customers.errors import CustomerNotFound
from custhub.features.customers.models import external_sources
from custhub.kit.db import Database, Violation
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.query import Query
from custhub.kit.uow import Note, UnitOfWork
from custhub.kit.writes import LostRace
from tests.repositories.conftest import OpenUnitOfWork, Told

AT = datetime(2026, 3, 1, 8, 0, 0, 123456, tzinfo=UTC)
_TEAMS = Query(select(teams).order_by(teams.c.name), tuple, everyone="a test")
_LOCK = Query(select(teams).where(teams.c.id == bindparam("id")).with_for_update(), tuple, everyone="a test")


def _team(name: str, **members: Any) -> dict[str, Any]:
    row = {"id": new_id(), "name": name, "parent_id": None, "created_at": AT, "updated_at": AT, "revision": 1}
    return row | members


async def _names(reader: Any) -> list[str]:
    return [row[1] for row in await _TEAMS.all(reader)]


async def _store(open_uow: OpenUnitOfWork, *rows: dict[str, Any]) -> None:
    uow = open_uow()
    for row in rows:
        uow.insert(teams, row)
    await uow.commit()


async def test_nothing_is_sent_before_the_commit(database: Database, open_uow: OpenUnitOfWork) -> None:
    uow = open_uow()
    uow.insert(teams, _team("a"))
    assert await _names(database) == []
    await uow.commit()
    assert await _names(database) == ["a"]


async def test_a_row_comes_back_as_it_went_in(database: Database, open_uow: OpenUnitOfWork) -> None:
    """Ids, times with microseconds, nulls: equal on both engines."""
    parent = _team("parent")
    row = _team("child", parent_id=parent["id"])
    await _store(open_uow, parent, row)
    stored = (await _TEAMS.all(database))[0]
    assert dict(zip(row, [*stored[:3], *stored[3:]], strict=False)) | row == row
    assert stored[0] == row["id"]
    assert isinstance(stored[0], UUID)
    assert stored[3] == AT


async def test_many_rows_of_one_table_go_in_together(database: Database, open_uow: OpenUnitOfWork) -> None:
    """Insert after insert, or all at once."""
    rows = [_team(f"n{i:03d}") for i in range(200)]
    uow = open_uow()
    for row in rows[:3]:
        uow.insert(teams, row)
    uow.writes.insert_all(teams, rows[3:])
    await uow.commit()
    assert await _names(database) == [row["name"] for row in rows]
    assert await _empty(open_uow()) == []


async def _empty(uow: UnitOfWork) -> list[Any]:
    uow.writes.insert_all(teams, [])
    await uow.commit()
    return list(uow.writes.writes)


async def test_parents_and_children_go_in_together_in_any_order(database: Database, open_uow: OpenUnitOfWork) -> None:
    """Foreign keys are checked at the end of the statement (of the row on SQLite: parents come first)."""
    parent = _team("a")
    await _store(open_uow, parent, _team("b", parent_id=parent["id"]))
    assert await _names(database) == ["a", "b"]


async def test_an_update_and_a_delete_take_the_rows_of_their_key(database: Database, open_uow: OpenUnitOfWork) -> None:
    rows = [_team(name) for name in "abc"]
    await _store(open_uow, *rows)
    uow = open_uow()
    uow.update(teams, {"id": rows[0]["id"]}, {"name": "A", "revision": 2})
    uow.delete(teams, {"id": rows[1]["id"]})
    uow.insert(teams, _team("d"))
    await uow.commit()
    assert await _names(database) == ["A", "c", "d"]


async def test_an_update_of_no_row_is_no_error_unless_it_is_a_guard(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    uow = open_uow()
    uow.update(teams, {"id": new_id()}, {"name": "x"})
    uow.insert(teams, _team("a"))
    await uow.commit()
    assert await _names(database) == ["a"]


@pytest.mark.parametrize("operation", ["insert", "insert many", "update", "delete"])
async def test_a_lost_guard_loses_everything_else(database: Database, open_uow: OpenUnitOfWork, operation: str) -> None:
    """Dependants of a guard are written only if it held."""
    kept, other = _team("kept"), _team("other")
    await _store(open_uow, kept, other)
    uow = open_uow()
    if operation.startswith("insert"):
        for i in range(2 if operation == "insert many" else 1):
            uow.insert(teams, _team(f"new{i}"))
    elif operation == "update":
        uow.update(teams, {"id": other["id"]}, {"name": "changed"})
    else:
        uow.delete(teams, {"id": other["id"]})
    uow.update(teams, {"id": kept["id"], "revision": 9}, {"name": "lost", "revision": 10}, guard=True)
    with pytest.raises(LostRace):
        await uow.commit()
    assert await _names(database) == ["kept", "other"]


async def test_a_guard_that_holds_lets_everything_through(database: Database, open_uow: OpenUnitOfWork) -> None:
    kept = _team("kept")
    await _store(open_uow, kept)
    uow = open_uow()
    uow.insert(teams, _team("new"))
    uow.update(teams, {"id": kept["id"], "revision": 1}, {"name": "won", "revision": 2}, guard=True)
    await uow.commit()
    assert await _names(database) == ["new", "won"]


@pytest.mark.parametrize("lost", [0, 1])
async def test_of_several_guards_each_must_hold(database: Database, open_uow: OpenUnitOfWork, lost: int) -> None:
    """One that held is undone when another is lost."""
    pair = [_team("a"), _team("b")]
    await _store(open_uow, *pair)
    uow = open_uow()
    uow.insert(teams, _team("new"))
    for i, row in enumerate(pair):
        uow.update(teams, {"id": row["id"], "revision": 9 if i == lost else 1}, {"name": f"x{i}"}, guard=True)
    with pytest.raises(LostRace):
        await uow.commit()
    assert await _names(database) == ["a", "b"]
    uow = open_uow()
    for i, row in enumerate(pair):
        uow.update(teams, {"id": row["id"], "revision": 1}, {"name": f"y{i}", "revision": 2}, guard=True)
    await uow.commit()
    assert await _names(database) == ["y0", "y1"]


async def test_a_guard_inside_an_explicit_transaction_rolls_it_back(
    database: Database, open_uow: OpenUnitOfWork
) -> None:
    uow = open_uow()
    uow.insert(teams, _team("flushed"))
    await uow.flush()
    assert await _names(uow) == ["flushed"]
    assert await _names(database) == []
    uow.update(teams, {"id": new_id(), "revision": 1}, {"name": "x"}, guard=True)
    with pytest.raises(LostRace):
        await uow.commit()
    await uow.rollback()
    assert await _names(database) == []


async def test_flush_shows_own_writes_and_commit_keeps_them(database: Database, open_uow: OpenUnitOfWork) -> None:
    uow = open_uow()
    uow.insert(teams, _team("a"))
    await uow.flush()
    uow.insert(teams, _team("b"))
    assert await _names(uow) == ["a"]
    await uow.commit()
    assert await _names(database) == ["a", "b"]
    # It can be used on, outside of the transaction that is over.
    uow.insert(teams, _team("c"))
    await uow.commit()
    assert await _names(database) == ["a", "b", "c"]


@pytest.mark.parametrize("flushed", [False, True])
async def test_rollback_leaves_nothing(database: Database, open_uow: OpenUnitOfWork, flushed: bool) -> None:
    uow = open_uow()
    uow.insert(teams, _team("a"))
    if flushed:
        await uow.flush()
    await uow.rollback()
    await uow.commit()
    assert await _names(database) == []


def _source(name: str) -> dict[str, Any]:
    return {
        "source": name, "identity": None, "description": None, "created_at": AT, "updated_at": AT, "revision": 1,
    }  # fmt: skip


@pytest.mark.parametrize("way", ["commit", "flush", "flush and commit"])
async def test_a_violation_is_explained_by_its_constraint(
    database: Database, open_uow: OpenUnitOfWork, way: str
) -> None:
    """Asked only when it happens, after the rollback; the same name on both engines."""
    first = open_uow()
    first.insert(external_sources, _source("shop"))
    await first.commit()
    uow = open_uow()

    async def explain() -> HubError:
        assert await _names(database) == []
        return CustomerNotFound()

    uow.on_violation("pk_external_sources", explain)
    uow.insert(teams, _team("a"))
    if way == "flush and commit":
        await uow.flush()
    uow.insert(external_sources, _source("shop"))
    with pytest.raises(CustomerNotFound):
        await (uow.flush() if way == "flush" else uow.commit())
    assert await _names(database) == []


async def test_a_violation_that_nobody_explains_is_a_bug(open_uow: OpenUnitOfWork) -> None:
    """It comes out with the name of the constraint, and nothing of the row (S-20)."""
    row = _team("secret name")
    await _store(open_uow, row)
    uow = open_uow()
    uow.insert(teams, row | {"name": "another secret name"})
    with pytest.raises(Violation) as raised:
        await uow.commit()
    assert raised.value.constraint == "pk_teams"
    assert "secret" not in str(raised.value)


async def test_facts_and_notes_are_recorded_once_and_not_after_a_rollback(open_uow: OpenUnitOfWork, told: Told) -> None:
    """reliability_e1: told in the same commit."""
    uow = open_uow()
    uow.audit(Note("x.done", "x", None))
    assert told.notes == []
    await uow.commit()
    assert [note.action for note in told.notes] == ["x.done"]
    await uow.commit()
    assert len(told.notes) == 1
    uow.audit(Note("y.done", "y", None))
    await uow.rollback()
    await uow.commit()
    assert len(told.notes) == 1


async def test_a_locking_unit_of_work_reads_what_it_will_guard(database: Database, open_uow: OpenUnitOfWork) -> None:
    """After a lost race: reads lock, so the second attempt cannot lose again."""
    row = _team("a")
    await _store(open_uow, row)
    done: list[str] = []

    async def bump(label: str) -> None:
        uow = open_uow(locking=True)
        found = (await _LOCK.first(uow, id=row["id"]) or ())[5]
        await asyncio.sleep(0.02)
        uow.update(teams, {"id": row["id"], "revision": found}, {"revision": found + 1}, guard=True)
        await uow.commit()
        done.append(label)

    await asyncio.gather(*(bump(str(i)) for i in range(6)))
    assert len(done) == 6
    assert (await _TEAMS.all(database))[0][5] == 7


async def test_sixteen_rivals_on_one_row_all_come_through(database: Database, open_uow: OpenUnitOfWork) -> None:
    """A lost compare-and-set runs once more under locks; nobody starves."""
    row = _team("a")
    await _store(open_uow, row)

    async def attempt(*, locking: bool) -> None:
        uow = open_uow(locking=locking)
        try:
            revision = (await _LOCK.first(uow, id=row["id"]) or ())[5]
            uow.update(teams, {"id": row["id"], "revision": revision}, {"revision": revision + 1}, guard=True)
            await uow.commit()
        except LostRace:
            await uow.rollback()
            assert not locking
            await attempt(locking=True)

    await asyncio.gather(*(attempt(locking=False) for _ in range(16)))
    assert (await _TEAMS.all(database))[0][5] == 17


async def test_a_cancelled_commit_leaves_the_database_usable(database: Database, open_uow: OpenUnitOfWork) -> None:
    """A client that goes away must not leave a transaction open."""
    uow = open_uow()
    uow.insert(teams, _team("a"))
    task = asyncio.create_task(uow.commit())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await _store(open_uow, _team("b"))
    assert (await _names(database))[-1] == "b"
    assert database.in_use == 0


async def test_e6_the_recorder_hears_of_each_commit_with_something_recorded(
    open_uow: OpenUnitOfWork, told: Told
) -> None:
    """It wakes who waits for events: after the commit, and only if there was one."""
    uow = open_uow()
    uow.audit(Note("team.created", "team", None))
    uow.insert(teams, _team("a"))
    await uow.flush()
    assert told.commits == 0
    await uow.commit()
    assert told.commits == 1
    await _store(open_uow, _team("b"))
    lost = open_uow()
    lost.audit(Note("team.created", "team", None))
    await lost.rollback()
    twice = open_uow()
    twice.audit(Note("team.updated", "team", None))
    twice.update(teams, {"id": new_id()}, {"name": "c"}, guard=True)
    with pytest.raises(LostRace):
        await twice.commit()
    assert told.commits == 1
