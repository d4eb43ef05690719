"""Long reads: many pages, beside everything else, each page of one moment.

On SQLite they have a connection and a thread of their own, so that the loop goes on meanwhile; on PostgreSQL one of
the pool, for a page at a time.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy.engine.interfaces import Dialect

from custhub.kit.db import Database, DatabaseUnavailable, EngineName, Row
from custhub.kit.query import Reader
from custhub.kit.sqlite import SqliteDatabase, connect

T = TypeVar("T")
_SAME_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


class LongRead(Protocol):
    """Reads of one job."""

    def moment(self) -> AbstractAsyncContextManager[Reader]:
        """Statements that see the same moment. Raises DatabaseUnavailable."""


@asynccontextmanager
async def long_read(database: Database) -> AsyncIterator[LongRead]:
    """What a job reads through, to its end."""
    if not isinstance(database, SqliteDatabase):
        yield _Pooled(database)
        return
    reads = _Threaded(database)
    try:
        yield reads
    finally:
        await reads.close()


class _Pooled:
    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Reader]:
        async with self._database.transaction() as connection:
            await connection.execute(_SAME_MOMENT, ())
            yield _Inside(self._database, connection.fetch)


class _Inside:
    """A transaction as something queries read from."""

    def __init__(self, database: Database, fetch: Callable[[str, Sequence[Any]], Any]) -> None:
        self.name = database.name
        self.dialect = database.dialect
        self.fetch = fetch


class _Threaded:
    name: EngineName = "sqlite"

    def __init__(self, database: SqliteDatabase) -> None:
        self.dialect: Dialect = database.dialect
        self._raw = connect(database.path, read_only=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="custhub-read")

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Reader]:
        await self.fetch("BEGIN", ())
        try:
            yield self
        finally:
            # In turn, behind a statement that a cancelled reader has left running.
            await asyncio.shield(self._run(lambda: self._raw.execute("ROLLBACK")))

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Run one statement in the thread."""
        return await self._run(lambda: self._raw.execute(sql, values).fetchall())

    async def close(self) -> None:
        """Give connection and thread back."""
        await asyncio.shield(self._run(self._raw.close))
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as error:
            raise DatabaseUnavailable from error
