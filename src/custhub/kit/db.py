"""Tables, column types and the protocol both database engines keep.

Statements are SQLAlchemy Core, compiled once (kit/query.py, kit/writes.py), and run on the driver's own
connection (kit/postgresql.py, kit/sqlite.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    DateTime,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from custhub.kit.errors import StorageFull, Unavailable
from custhub.kit.errors import Text as ErrorText
from custhub.kit.ids import from_bytes

EngineName = Literal["sqlite", "postgresql"]
Row = Any
"""A driver's row: positional, as the statement selects."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
"""All tables of the hub."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware time of `micros`."""
    return _EPOCH + timedelta(microseconds=value)


class Id(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL, 16 raw bytes on SQLite."""

    impl = Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the storage of the engine."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(LargeBinary(16))
        return dialect.type_descriptor(postgresql.UUID(as_uuid=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Bytes for SQLite; asyncpg takes a UUID as it is."""
        if dialect.name != "sqlite":
            return None
        return lambda value: None if value is None else value.bytes

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """The reverse."""
        if dialect.name != "sqlite":
            return None
        return lambda value: None if value is None else from_bytes(value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC time: timestamptz on PostgreSQL, integer microseconds on SQLite (sortable and exact)."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the storage of the engine."""
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Microseconds for SQLite."""
        if dialect.name != "sqlite":
            return None
        return lambda value: None if value is None else (value - _EPOCH) // _MICROSECOND

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """The reverse."""
        if dialect.name != "sqlite":
            return None
        return lambda value: None if value is None else _EPOCH + timedelta(microseconds=value)


class Day(TypeDecorator[date]):
    """A calendar date: date on PostgreSQL, ISO text on SQLite."""

    impl = Date
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the storage of the engine."""
        return dialect.type_descriptor(String(10) if dialect.name == "sqlite" else Date())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """ISO text for SQLite."""
        return (lambda value: None if value is None else value.isoformat()) if dialect.name == "sqlite" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """The reverse."""
        if dialect.name != "sqlite":
            return None
        return lambda value: None if value is None else date.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON value: jsonb on PostgreSQL (its codec passes text), text on SQLite. Nothing secret goes in."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the storage of the engine."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else postgresql.JSONB())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Minified JSON text."""
        return lambda value: None if value is None else orjson.dumps(value).decode()

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """The value."""
        return lambda value: None if value is None else orjson.loads(value)


class ListOf(TypeDecorator[Sequence[Any]]):
    """A list bound as one parameter: an array on PostgreSQL, JSON text on SQLite. Only for `any_of`."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pick the form of the engine."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.item))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """JSON text for SQLite, ids and bytes in hexadecimal; a list for asyncpg."""
        if dialect.name != "sqlite":
            return None
        return lambda values: orjson.dumps([_json_item(value) for value in values]).decode()


def _json_item(value: object) -> object:
    if isinstance(value, UUID):
        return value.hex
    return value.hex() if isinstance(value, bytes) else value


class DatabaseUnavailable(Unavailable):
    """The database does not answer. Nothing is known to be stored; retry with the same Idempotency-Key."""

    code = "database_unavailable"
    title = "Database unavailable"
    zh = ErrorText("数据库不可用", "数据库没有响应，无法确认数据已保存。请使用相同的 Idempotency-Key 重试。")

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


class DiskFull(StorageFull):
    """There is no room left to store this. Reading goes on; nothing was written."""

    code = "storage_full"
    title = "Storage full"
    zh = ErrorText("存储空间已满", "没有剩余空间可写入，读取不受影响，本次请求未写入任何数据。")


class LockTimeout(DatabaseUnavailable):
    """Another request holds what this one needs. Nothing was stored; try again."""

    code = "lock_timeout"
    title = "Busy"
    zh = ErrorText("资源繁忙", "另一个请求正占用所需数据，本次未写入，请稍后重试。")


class Violation(Exception):
    """A constraint refused a write; `constraint` is its name on both engines."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class TransactionConnection(Protocol):
    """A driver's connection inside an explicit transaction."""

    @property
    def name(self) -> EngineName:
        """The engine."""

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Run one statement and give all its rows."""

    async def execute(self, sql: str, values: Sequence[Any]) -> int:
        """Run one statement and give the number of rows it touched."""

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run one statement for many rows and give the number of rows touched."""

    async def send(self, writes: Any) -> None:
        """Write a `WriteSet`. Raises Violation, LostRace, DiskFull."""

    async def load(self, table: str, rows: Any) -> None:
        """Store rows as kit/bulk.py encodes them. Raises Violation, LostRace, DiskFull."""


class Database(Protocol):
    """One engine: pooled reads, one-statement writes, explicit transactions."""

    @property
    def name(self) -> EngineName:
        """The engine."""

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect of the engine."""

    @property
    def in_use(self) -> int:
        """Connections handed out right now."""

    async def open(self) -> None:
        """Connect. Raises DatabaseUnavailable."""

    async def close(self) -> None:
        """Close every connection."""

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read outside a transaction; a dead pooled connection is replaced once."""

    async def send(self, writes: Any) -> None:
        """Commit a `WriteSet` in one go. Raises Violation, LostRace, DatabaseUnavailable."""

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """BEGIN ... COMMIT around the block, ROLLBACK when it raises."""

    async def ping(self) -> None:
        """Answer within a second or raise DatabaseUnavailable."""


def constraint_names() -> Mapping[tuple[str, frozenset[str]], str]:
    """(table, columns) -> name of its unique constraint: SQLite reports columns, we speak in names."""
    names: dict[tuple[str, frozenset[str]], str] = {}
    for table in metadata.tables.values():
        for unique in table.constraints:
            if isinstance(unique, PrimaryKeyConstraint | UniqueConstraint):
                names[table.name, frozenset(column.name for column in unique.columns)] = str(unique.name)
        for index in table.indexes:
            if index.unique:
                names[table.name, frozenset(column.name for column in index.columns)] = str(index.name)
    return names
