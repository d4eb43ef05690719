"""Databases that count what is asked of them, or fail at a chosen statement: on either engine, behind the driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg

from custhub.kit.db import Row
from custhub.kit.postgresql import PostgresDatabase
from custhub.kit.sqlite import SqliteDatabase
from tests.hub import HubUnderTest


class Calls:
    """Reads and writes that a hub sent: one `fetch` is one statement, one `send` a whole unit of work."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.fetches: list[str] = []
        self.sends = 0
        self.transactions = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @property
    def total(self) -> int:
        """Round trips that matter."""
        return len(self.fetches) + self.sends + self.transactions

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Count a read."""
        self.fetches.append(sql)
        rows: Sequence[Row] = await self._database.fetch(sql, values)
        return rows

    async def send(self, writes: Any) -> None:
        """Count a write, if there is anything to write."""
        self.sends += bool(writes.writes)
        await self._database.send(writes)

    def transaction(self) -> Any:
        """Count an explicit transaction."""
        self.transactions += 1
        return self._database.transaction()


@contextmanager
def counted(hub: HubUnderTest) -> Iterator[Calls]:
    """Count what the hub asks its database inside the block."""
    real = hub.app.hub.database
    calls = Calls(real)
    hub.app.hub.database = calls
    try:
        yield calls
    finally:
        hub.app.hub.database = real


class Fault:
    """Fails the `at`-th statement of a kind that `hits` accepts, before it runs or after; counts all of them."""

    def __init__(self, at: int = 0, *, after: bool = False, hits: Callable[[str], bool] = lambda _: True) -> None:
        self.at = at
        self.seen = 0
        self.after = after
        self._hits = hits

    @property
    def has_struck(self) -> bool:
        """Whether the chosen statement came."""
        return 0 < self.at <= self.seen

    def strikes(self, sql: str) -> bool:
        """Count a statement; whether it is the one to fail."""
        if not self._hits(sql):
            return False
        self.seen += 1
        return self.seen == self.at


@contextmanager
def failing(hub: HubUnderTest, fault: Fault) -> Iterator[Fault]:
    """Let the driver of the hub fail inside the block as `fault` says."""
    database = hub.app.database
    if isinstance(database, SqliteDatabase):
        connection: Any = database._writer
        raw, connection.raw = connection.raw, _FailingSqlite(connection.raw, fault)
        try:
            yield fault
        finally:
            connection.raw = raw
    else:
        assert isinstance(database, PostgresDatabase)
        pool, database._pool = database._pool, _FailingPool(database._pool, fault)
        try:
            yield fault
        finally:
            database._pool = pool


class _FailingSqlite:
    """A sqlite3 connection in which one statement fails as a broken disk does."""

    def __init__(self, raw: sqlite3.Connection, fault: Fault) -> None:
        self._raw = raw
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._run(sql, lambda: self._raw.execute(sql, values))

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> sqlite3.Cursor:
        return self._run(sql, lambda: self._raw.executemany(sql, rows))

    def _run(self, sql: str, run: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        if sql == "ROLLBACK" or not self._fault.strikes(sql):
            return run()
        if self._fault.after:
            run()
        raise sqlite3.OperationalError("disk I/O error")


class _FailingPool:
    """An asyncpg pool in which one statement loses its connection, before or after the server has run it."""

    def __init__(self, pool: Any, fault: Fault) -> None:
        self._pool = pool
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def acquire(self, **options: Any) -> _Acquiring:
        return _Acquiring(self._pool.acquire(**options), self._fault)

    async def release(self, raw: Any) -> None:
        await self._pool.release(raw.raw if isinstance(raw, _FailingPostgres) else raw)


class _Acquiring:
    """What a pool's `acquire` gives: to be awaited, or to be entered."""

    def __init__(self, acquiring: Any, fault: Fault) -> None:
        self._acquiring = acquiring
        self._fault = fault

    def __await__(self) -> Generator[Any, None, _FailingPostgres]:
        raw = yield from self._acquiring.__await__()
        return _FailingPostgres(raw, self._fault)

    async def __aenter__(self) -> _FailingPostgres:
        return _FailingPostgres(await self._acquiring.__aenter__(), self._fault)

    async def __aexit__(self, *error: Any) -> None:
        await self._acquiring.__aexit__(*error)


class _FailingPostgres:
    def __init__(self, raw: Any, fault: Fault) -> None:
        self.raw = raw
        self._fault = fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)

    async def fetch(self, sql: str, *values: Any, **options: Any) -> Any:
        return await self._run(sql, self.raw.fetch, values, options)

    async def fetchval(self, sql: str, *values: Any, **options: Any) -> Any:
        return await self._run(sql, self.raw.fetchval, values, options)

    async def execute(self, sql: str, *values: Any, **options: Any) -> Any:
        return await self._run(sql, self.raw.execute, values, options)

    async def _run(self, sql: str, run: Any, values: Sequence[Any], options: dict[str, Any]) -> Any:
        if not self._fault.strikes(sql):
            return await run(sql, *values, **options)
        if self._fault.after:
            await run(sql, *values, **options)
        raise asyncpg.ConnectionDoesNotExistError("the connection was closed in the middle of operation")
