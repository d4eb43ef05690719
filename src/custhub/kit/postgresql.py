"""PostgreSQL through asyncpg: its own pool, no session state, one statement per unit of work."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.engine.interfaces import Dialect

from custhub.kit.bulk import COPY_END, COPY_HEAD, RowLoader
from custhub.kit.db import DatabaseUnavailable, DiskFull, EngineName, LockTimeout, Row, Violation
from custhub.kit.writes import LostRace, PostgresWriter, WriteSet

T = TypeVar("T")
_RESEND = 5
#: How much longer than the server's own timeout we wait: its refusal is cheaper than a cut connection.
GRACE_SECONDS = 0.5
_GOODBYE_SECONDS = 5.0
#: The lease of a job: a process frozen inside a transaction has its row no longer than that (J-4).
_LONGEST_IDLE_MS = 30_000
_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # after a failover: this server is the standby now
)
#: The connection died under a statement: another one may answer.
_DIED = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver says of a line that ends while it is handed out
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
_RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def translate(error: Exception) -> Exception:
    """The expected failure behind a driver's exception, or the exception itself."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Violation(error.constraint_name or "")
    if isinstance(error, asyncpg.DiskFullError):
        return DiskFull()
    if isinstance(error, asyncpg.LockNotAvailableError):
        return LockTimeout()
    if isinstance(error, _RETRYABLE):
        return LostRace()
    if isinstance(error, _LOST):
        return DatabaseUnavailable()
    return error


class PostgresConnection:
    """A pooled connection inside an explicit transaction."""

    name: EngineName = "postgresql"

    def __init__(self, raw: Any, writer: PostgresWriter, loader: RowLoader, wait: float) -> None:
        self.raw = raw
        self._writer = writer
        self._loader = loader
        self._wait = wait

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Run one statement and give all its rows. Raises LostRace when it was the victim of a deadlock."""
        rows: list[Row] = await self._run(self.raw.fetch(sql, *values, timeout=self._wait))
        return rows

    async def execute(self, sql: str, values: Sequence[Any]) -> int:
        """Run one statement and give the number of rows it touched. Raises Violation, LostRace."""
        status: str = await self._run(self.raw.execute(sql, *values, timeout=self._wait))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for many rows. Raises Violation, LostRace."""
        await self._run(self.raw.executemany(sql, rows, timeout=self._wait))
        return len(rows)

    async def send(self, writes: WriteSet) -> None:
        """Write a set inside this transaction. Raises Violation, LostRace."""
        if not writes.writes:
            return
        text, values = self._writer.prepare(writes.writes)
        if await self._run(self.raw.fetchval(text.sql, *values, timeout=self._wait)) != writes.guards:
            raise LostRace

    async def load(self, table: str, rows: Sequence[bytes]) -> None:
        """Store encoded rows by COPY. Raises Violation, LostRace."""
        source = io.BytesIO(b"".join((COPY_HEAD, *rows, COPY_END)))
        columns = self._loader.columns(table)
        await self._run(
            self.raw.copy_to_table(table, source=source, columns=columns, format="binary", timeout=self._wait)
        )

    async def _run(self, statement: Awaitable[T]) -> T:
        try:
            return await statement
        except Exception as error:
            raise translate(error) from error


class PostgresDatabase:
    """The pool and the writer of one process."""

    name: EngineName = "postgresql"

    def __init__(
        self, url: str, *, pool_min: int, pool_max: int, statement_timeout_ms: int, lock_timeout_ms: int
    ) -> None:
        self.dialect: Dialect = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        self._url = url.replace("postgresql+asyncpg://", "postgresql://")
        self._sizes = {"min_size": pool_min, "max_size": pool_max}
        self._wait = statement_timeout_ms / 1000 + GRACE_SECONDS
        self._settings = {
            "application_name": "custhub",
            "timezone": "UTC",
            "jit": "off",  # compiling costs more than any statement here runs
            "statement_timeout": str(statement_timeout_ms),
            "lock_timeout": str(lock_timeout_ms),
            "idle_in_transaction_session_timeout": str(min(max(statement_timeout_ms, 10_000), _LONGEST_IDLE_MS)),
        }
        self._writer = PostgresWriter(self.dialect)
        self._loader = RowLoader(self.dialect)
        self._pool: Any = None

    async def open(self) -> None:
        """Connect. Raises DatabaseUnavailable."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                connection_class=_Connection,
                init=_init,
                reset=_keep,  # no session state is used; the default reset is a round trip
                server_settings=self._settings,
                statement_cache_size=1024,
                max_cached_statement_lifetime=0,
                timeout=self._wait,
                **self._sizes,
            )
        except (*_LOST, asyncpg.PostgresError) as error:
            raise DatabaseUnavailable from error

    async def close(self) -> None:
        """Close every connection, politely for five seconds."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        try:
            await asyncio.wait_for(pool.close(), _GOODBYE_SECONDS)
        except (TimeoutError, *_LOST):
            pool.terminate()

    @property
    def in_use(self) -> int:
        """Connections handed out right now."""
        return 0 if self._pool is None else self._pool.get_size() - self._pool.get_idle_size()

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read outside a transaction; a read on a dead connection is repeated once on a new one."""
        try:
            async with asyncio.timeout(self._wait):
                try:
                    return await self._fetch(sql, values)
                except _DIED:
                    # The others of the pool are likely dead as well, only not noticed yet.
                    if self._pool is not None:
                        await self._pool.expire_connections()
                    return await self._fetch(sql, values)
        except Exception as error:
            raise translate(error) from error

    async def _fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        async with self._acquire() as raw:
            try:
                rows: list[Row] = await raw.fetch(sql, *values)
            except asyncio.CancelledError:
                raw.terminate()
                raise
            return rows

    def _acquire(self) -> Any:
        if self._pool is None:
            raise DatabaseUnavailable
        return self._pool.acquire()

    async def send(self, writes: WriteSet) -> None:
        """Commit a set as one statement. Raises Violation, LostRace, DatabaseUnavailable, DiskFull."""
        if not writes.writes:
            return
        if writes.guards > 1:
            # One guard may hold while another is lost: only a rollback undoes the first.
            async with self.transaction() as connection:
                await connection.send(writes)
            return
        text, values = self._writer.prepare(writes.writes)

        async def once() -> int:
            async with asyncio.timeout(self._wait), self._acquire() as raw:
                try:
                    held: int = await raw.fetchval(text.sql, *values)
                except asyncio.CancelledError:
                    raw.terminate()
                    raise
                return held

        if await self._resent(once) != writes.guards:
            raise LostRace

    async def _resent(self, once: Callable[[], Awaitable[T]]) -> T:
        for _ in range(_RESEND):
            try:
                return await once()
            except _RETRYABLE:
                await asyncio.sleep(0.01)
            except Exception as error:
                raise translate(error) from error
        raise DatabaseUnavailable

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresConnection]:
        """BEGIN ... COMMIT around the block, ROLLBACK when it raises."""
        pool = self._pool
        try:
            async with asyncio.timeout(self._wait):
                raw = await self._acquire()
            try:
                await raw.execute("BEGIN", timeout=self._wait)
                try:
                    yield PostgresConnection(raw, self._writer, self._loader, self._wait)
                except Exception as error:
                    if not _is_lost(error):
                        await raw.execute("ROLLBACK", timeout=self._wait)
                    raise
                await raw.execute("COMMIT", timeout=self._wait)
            except BaseException as error:
                if _is_lost(error):
                    # Nobody waits for the answer to a ROLLBACK on a line that is dead.
                    raw.terminate()
                raise
            finally:
                await pool.release(raw)
        except _RETRYABLE as error:
            raise LostRace from error
        except Exception as error:
            translated = translate(error)
            if translated is error:
                raise
            raise translated from error

    async def ping(self) -> None:
        """Answer within a second or raise DatabaseUnavailable."""
        try:
            async with asyncio.timeout(1):
                await self.fetch("SELECT 1", ())
        except TimeoutError as error:
            raise DatabaseUnavailable from error


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # the driver has no types
    """A connection that says goodbye for a bounded time: the pool closes expired ones without a limit."""

    __slots__ = ()

    async def close(self, *, timeout: float | None = None) -> None:
        """Close, if need be without an answer."""
        with suppress(*_LOST):
            await super().close(timeout=timeout or _GOODBYE_SECONDS)


def _is_lost(error: BaseException) -> bool:
    known = translate(error) if isinstance(error, Exception) else None
    return known is None or (isinstance(known, DatabaseUnavailable) and not isinstance(known, LockTimeout))


async def _init(connection: Any) -> None:
    try:
        # SQLAlchemy's types make and read the JSON text themselves.
        for name in ("json", "jsonb"):
            await connection.set_type_codec(name, encoder=str, decoder=str, schema="pg_catalog", format="text")
    except BaseException:
        # The pool would say goodbye politely and wait for an answer.
        connection.terminate()
        raise


async def _keep(_connection: Any) -> None:
    return None
