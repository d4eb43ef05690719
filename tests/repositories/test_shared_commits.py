"""Sets that meet at SQLite's one writer share a COMMIT, and nothing else (R-4)."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from custhub.features.accounts.models import teams
from custhub.features.phones.models import phone_claims
from custhub.kit.db import DiskFull, Violation
from custhub.kit.ids import new_id
from custhub.kit.query import Query
from custhub.kit.sqlite import SqliteDatabase
from custhub.kit.writes import LostRace, WriteSet
from tests.databases import TestDatabases

AT = datetime(2026, 3, 1, tzinfo=UTC)
_NAMES = Query(select(teams.c.name).order_by(teams.c.name), tuple, everyone="a test")


@pytest.fixture
async def database(tmp_path: Path, databases: TestDatabases) -> Any:
    made = SqliteDatabase(databases.sqlite_copy(tmp_path / "data" / "custhub.db"), read_seconds=20)
    await made.open()
    yield made
    await made.close()


class Watched:
    """A connection that notes what it runs, and fails at one statement."""

    def __init__(self, raw: sqlite3.Connection, fails: str = "") -> None:
        self._raw = raw
        self._fails = fails
        self.ran: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        self.ran.append(sql)
        if self._fails and sql.startswith(self._fails):
            self._fails = ""
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")  # as SQLite does by itself
            raise sqlite3.OperationalError("database or disk is full")
        return self._raw.execute(sql, values)


def watched(database: SqliteDatabase, fails: str = "") -> Watched:
    writer: Any = database._writer
    writer.raw = Watched(writer.raw, fails)
    seen: Watched = writer.raw
    return seen


def team(name: str, **members: Any) -> WriteSet:
    writes = WriteSet()
    row = {"id": new_id(), "name": name, "parent_id": None, "created_at": AT, "updated_at": AT, "revision": 1}
    writes.insert(teams, row | members)
    return writes


async def names(database: SqliteDatabase) -> list[str]:
    return [row[0] for row in await _NAMES.all(database)]


async def outcomes(database: SqliteDatabase, *sets: WriteSet) -> list[Any]:
    return await asyncio.gather(*(database.send(writes) for writes in sets), return_exceptions=True)


async def test_sets_that_wait_share_a_commit(database: SqliteDatabase) -> None:
    seen = watched(database)
    assert await outcomes(database, *(team(f"t{i:02}") for i in range(20))) == [None] * 20
    assert await names(database) == [f"t{i:02}" for i in range(20)]
    assert seen.ran.count("COMMIT") == 2  # the first found nobody beside it


async def test_one_that_comes_alone_needs_no_savepoint(database: SqliteDatabase) -> None:
    seen = watched(database)
    await database.send(team("a"))
    assert [sql for sql in seen.ran if not sql.startswith("INSERT")] == ["BEGIN IMMEDIATE", "COMMIT"]


async def test_one_that_fails_takes_nobody_along(database: SqliteDatabase) -> None:
    """A violated key, a lost guard and good neighbours."""
    twin = new_id()
    lost = WriteSet()
    lost.insert(teams, team("never").writes[0].values)
    lost.update(teams, {"id": new_id(), "revision": 1}, {"revision": 2}, guard=True)
    ended = await outcomes(
        database, team("first"), team("a", id=twin), team("b", id=twin), lost, team("c"), team("d", parent_id=new_id())
    )
    assert [type(error) for error in ended] == [
        type(None), type(None), Violation, LostRace, type(None), Violation,
    ]  # fmt: skip
    assert await names(database) == ["a", "c", "first"]


async def test_a_constraint_checked_at_the_commit_refuses_its_own_set_alone(database: SqliteDatabase) -> None:
    orphan = WriteSet()
    values = {"kid": 1, "exact_index": b"x" * 32, "phone_id": new_id(), "customer_id": new_id()}
    orphan.insert(phone_claims, {column.name: values[column.name] for column in phone_claims.columns})
    ended = await outcomes(database, team("first"), team("a"), orphan, team("b"))
    assert [type(error) for error in ended] == [type(None), type(None), Violation, type(None)]
    assert await names(database) == ["a", "b", "first"]


@pytest.mark.parametrize(("fails", "stored"), [("INSERT", "bc"), ("COMMIT", ""), ("BEGIN", "bc"), ("RELEASE", "bc")])
async def test_a_full_disk_fails_whom_it_hits_and_the_next_goes_on(
    database: SqliteDatabase, fails: str, stored: str
) -> None:
    """Those that were written and not committed fail; those that were not written yet are tried on their own."""
    async with database._lock:
        watched(database, fails)
        sent = asyncio.ensure_future(outcomes(database, team("a"), team("b"), team("c")))
        await asyncio.sleep(0.01)
    ended = await sent
    assert [name for name, error in zip("abc", ended, strict=True) if error is None] == list(stored)
    assert {type(error) for error in ended} - {type(None)} == {DiskFull}
    assert await names(database) == list(stored)
    await database.send(team("d"))
    assert await names(database) == [*stored, "d"]


async def test_who_goes_away_while_waiting_is_not_written(database: SqliteDatabase) -> None:
    holder = asyncio.create_task(_hold(database))
    await asyncio.sleep(0)
    gone, stays = asyncio.create_task(database.send(team("gone"))), asyncio.create_task(database.send(team("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(holder, stays)
    assert await names(database) == ["stays"]


async def test_who_goes_away_during_the_commit_takes_nobody_along(database: SqliteDatabase) -> None:
    holder = asyncio.create_task(_hold(database))
    await asyncio.sleep(0)
    leader, other = asyncio.create_task(database.send(team("leader"))), asyncio.create_task(database.send(team("o")))
    await holder
    while not database._lock.locked():
        await asyncio.sleep(0)
    leader.cancel()
    await other
    with pytest.raises(asyncio.CancelledError):
        await leader
    assert await names(database) == ["leader", "o"]


async def _hold(database: SqliteDatabase) -> None:
    async with database.transaction():
        await asyncio.sleep(0.02)
