"""Embedded SQLite: one process, one writer connection under a fair lock, one reader inline in the loop.

The driver is called straight from the event loop: a bounded statement takes tens of microseconds, a thread
costs more. COMMIT alone goes to a thread, because it waits for the disk. Sets that wait for it meanwhile are
written together and share the next one.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.interfaces import Dialect

from custhub.kit.bulk import RowLoader
from custhub.kit.db import DatabaseUnavailable, DiskFull, EngineName, Row, Violation, constraint_names
from custhub.kit.directory_lock import DirectoryLock
from custhub.kit.writes import LostRace, SqliteWriter, WriteSet

_GUARD_STEPS = 50_000
#: Of every connection, and of the one that writes: keys lie all over their tables, so that the longer the log may grow
#: (4,000 pages are 16 MiB), the more often a page is changed there before it is written to its place.
_EACH = (
    "busy_timeout = 5000",
    "foreign_keys = ON",
    "temp_store = MEMORY",
    "cache_size = -65536",
    "mmap_size = 1073741824",
)
_WRITING = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "wal_autocheckpoint = 4000")
_READING = ("query_only = ON", "wal_autocheckpoint = 0")
#: How long sets that share a COMMIT may be written one after the other: the loop waits.
_GROUP_SECONDS = 0.01


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """One configured connection; the file is created readable by its owner alone (S-29)."""
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=1024)
    raw.create_function("from_hex", 1, bytes.fromhex, deterministic=True)
    for pragma in (*_EACH, *(_READING if read_only else _WRITING)):
        raw.execute(f"PRAGMA {pragma}")
    return raw


class SqliteConnection:
    """The writer connection inside a transaction."""

    name: EngineName = "sqlite"

    def __init__(
        self,
        raw: sqlite3.Connection,
        writer: SqliteWriter,
        names: Mapping[tuple[str, frozenset[str]], str],
        loader: RowLoader,
    ) -> None:
        self.raw = raw
        self._writer = writer
        self._names = names
        self._loader = loader

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Run one statement and give all its rows."""
        try:
            return self.raw.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self.translate(error) from error

    async def execute(self, sql: str, values: Sequence[Any]) -> int:
        """Run one statement and give the number of rows it touched."""
        return self.run(sql, values)

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for many rows."""
        try:
            return self.raw.executemany(sql, rows).rowcount
        except sqlite3.Error as error:
            raise self.translate(error) from error

    def run(self, sql: str, values: Sequence[Any]) -> int:
        """`execute` without a coroutine."""
        try:
            return self.raw.execute(sql, values).rowcount
        except sqlite3.Error as error:
            raise self.translate(error) from error

    async def send(self, writes: WriteSet) -> None:
        """Write a set inside this transaction. Raises Violation, LostRace, DiskFull."""
        for write in sorted(writes.writes, key=lambda w: w.rank):
            text, rows = self._writer.prepare(write)
            if len(rows) > 1:
                await self.execute_many(text.sql, rows)
            elif self.run(text.sql, rows[0]) == 0 and write.guard:
                raise LostRace

    async def load(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Store encoded rows."""
        await self.execute_many(self._loader.insert(table), rows)

    def translate(self, error: sqlite3.Error) -> Exception:
        """The expected failure behind a driver's exception, or the exception itself."""
        text = str(error)
        if isinstance(error, sqlite3.IntegrityError):
            kind, _, columns = text.partition(" constraint failed: ")
            if kind == "UNIQUE" and "." in columns:
                parts = [column.strip().split(".", 1) for column in columns.split(",")]
                return Violation(self._names.get((parts[0][0], frozenset(p[1] for p in parts)), columns))
            return Violation(columns or text)
        if "disk is full" in text or "disk I/O" in text:
            return DiskFull()
        if isinstance(error, sqlite3.OperationalError) and ("interrupted" in text or "locked" in text):
            return DatabaseUnavailable()
        return error


class _Waiting:
    """A set on its way to the writer, and what became of it."""

    __slots__ = ("error", "is_settled", "writes")

    def __init__(self, writes: WriteSet) -> None:
        self.writes = writes
        self.is_settled = False
        self.error: BaseException | None = None


class SqliteDatabase:
    """The connections of the one process that owns the data directory."""

    name: EngineName = "sqlite"

    def __init__(self, path: Path, *, read_seconds: float) -> None:
        self.dialect: Dialect = pysqlite.dialect()
        self.path = path
        self._read_seconds = read_seconds
        self._lock = asyncio.Lock()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="custhub-commit")
        self._directory: DirectoryLock | None = None
        self._reader: sqlite3.Connection | None = None
        self._writer: SqliteConnection | None = None
        self._deadline = 0.0
        self._waiting: deque[_Waiting] = deque()

    async def open(self) -> None:
        """Take the directory and connect. Raises DirectoryLocked."""
        self._directory = DirectoryLock(self.path.parent)
        self._writer = SqliteConnection(
            connect(self.path), SqliteWriter(self.dialect), constraint_names(), RowLoader(self.dialect)
        )
        self._reader = connect(self.path, read_only=True)
        self._reader.set_progress_handler(self._overdue, _GUARD_STEPS)

    def _overdue(self) -> int:
        # The loop waits while a read runs: no read may take longer than the statement timeout.
        return time.monotonic() > self._deadline

    async def close(self) -> None:
        """Fold the log into the file and give the directory back."""
        async with self._lock:
            if self._reader is not None:
                self._reader.close()
            if self._writer is not None:
                self._writer.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._writer.raw.close()
            self._reader = self._writer = None
            if self._directory is not None:
                self._directory.release()
                self._directory = None
        self._disk.shutdown(wait=True)

    @property
    def in_use(self) -> int:
        """1 while a transaction runs."""
        return int(self._lock.locked())

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read on the reader, inline in the loop."""
        reader, writer = self._reader, self._writer
        if reader is None or writer is None:
            raise DatabaseUnavailable
        self._deadline = time.monotonic() + self._read_seconds
        try:
            return reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise writer.translate(error) from error

    async def send(self, writes: WriteSet) -> None:
        """Commit a set. Raises Violation, LostRace, DiskFull."""
        if not writes.writes:
            return
        mine = _Waiting(writes)
        self._waiting.append(mine)
        try:
            async with self._lock:
                # The lock is handed on in order: all before this one are settled, and perhaps this one with them.
                if not mine.is_settled:
                    await self._write_waiting()
        finally:
            if mine in self._waiting:
                self._waiting.remove(mine)
        if mine.error is not None:
            raise mine.error

    async def _write_waiting(self) -> None:
        """Write the sets that wait now, each undone alone if it fails, and commit them together."""
        group = [self._waiting.popleft()]
        if not self._waiting:
            await self._write_alone(group[0])
            return
        try:
            async with self._begun() as writer:
                began = time.perf_counter()
                await _apart(writer, group[0])
                while self._waiting and time.perf_counter() - began < _GROUP_SECONDS:
                    group.append(self._waiting.popleft())
                    await _apart(writer, group[-1])
        except Violation:
            # A constraint that is checked at COMMIT: whose it was shows one by one.
            for one in group:
                if one.error is None:
                    await self._write_alone(one)
        except Exception as error:  # not the cancellation of one that is committed all the same
            for one in group:
                one.error = one.error or error
        finally:
            for one in group:
                one.is_settled = True

    async def _write_alone(self, one: _Waiting) -> None:
        try:
            async with self._begun() as writer:
                await writer.send(one.writes)
        except Exception as error:
            one.error = error
        finally:
            one.is_settled = True

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteConnection]:
        """BEGIN IMMEDIATE ... COMMIT around the block under the writer's fair lock, ROLLBACK when it raises."""
        async with self._lock, self._begun() as writer:
            yield writer

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[SqliteConnection]:
        """`transaction` for who holds the lock."""
        writer = self._writer
        if writer is None:
            raise DatabaseUnavailable
        try:
            writer.run("BEGIN IMMEDIATE", ())
            yield writer
            # Shielded: a client that goes away must not leave the writer inside a transaction.
            commit = asyncio.get_running_loop().run_in_executor(self._disk, writer.raw.execute, "COMMIT")
            try:
                await asyncio.shield(commit)
            except asyncio.CancelledError:
                await commit
                raise
        except sqlite3.Error as error:
            raise writer.translate(error) from error
        finally:
            if writer.raw.in_transaction:
                writer.raw.execute("ROLLBACK")

    async def ping(self) -> None:
        """Read one value."""
        await self.fetch("SELECT 1", ())

    async def checkpoint(self) -> bool:
        """Fold the log into the file; True when nothing of it remains (S-26)."""
        async with self._lock:
            if self._writer is None:
                raise DatabaseUnavailable
            busy: int = self._writer.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return busy == 0


async def _apart(writer: SqliteConnection, one: _Waiting) -> None:
    """Write one of several sets of a transaction; its failure is its own. Raises what ended the transaction."""
    writer.run("SAVEPOINT one", ())
    try:
        await writer.send(one.writes)
    except Exception as error:
        if not writer.raw.in_transaction:
            raise  # a full disk ends the whole of it
        one.error = error
        writer.run("ROLLBACK TO one", ())
    writer.run("RELEASE one", ())
