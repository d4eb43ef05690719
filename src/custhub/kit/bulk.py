"""Many rows of one table, in the form in which its engine takes them: COPY on PostgreSQL, `executemany` on SQLite.

The forms are made without a database, in a process of its own if need be, and hold nothing but bytes or plain values:
whoever has the transaction hands them on as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from struct import Struct
from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    bindparam,
    insert,
)
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from custhub.kit.db import Day, EngineName, Id, Instant, Json, metadata, micros

#: One row: bytes of COPY's binary form, or the values of `executemany`.
EncodedRow = bytes | tuple[Any, ...]
_Encode = Callable[[Any], bytes]
_Plain = Callable[[Any], Any]

#: COPY's binary form: signature, flags, length of the extension; the end is a row of -1 columns.
COPY_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_TRUE: Final = b"\0\0\0\1\1"
_FALSE: Final = b"\0\0\0\1\0"
_ID_HEAD: Final = b"\0\0\0\x10"
_length = Struct(">i").pack
_int2 = Struct(">ih").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_float8 = Struct(">id").pack
_columns = Struct(">h").pack
_SHORT: Final = 256
_LENGTHS: Final = tuple(_length(size) for size in range(_SHORT))
_PG_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_PG_DAY: Final = date(2000, 1, 1)
_MICROSECOND: Final = timedelta(microseconds=1)


def dialect_of(engine: EngineName) -> Dialect:
    """SQLAlchemy's dialect of an engine, where there is no database to ask for it."""
    if engine == "postgresql":
        made: Dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        return made
    return pysqlite.dialect()


class RowCoder:
    """The rows of one table, every column given, in the form of one engine."""

    __slots__ = ("_coders", "_head", "_known", "columns", "encode", "name", "table")

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self.table = table
        self.name = str(table.name)  # SQLAlchemy's own kind of text is none that goes through a pipe
        self.columns = tuple(column.name for column in table.columns)
        self._head = _columns(len(self.columns))
        self._coders: tuple[Any, ...]
        #: One row, its values in the order of the columns.
        self.encode: Callable[[Sequence[Any]], EncodedRow]
        self._known: tuple[frozenset[type], ...] = ()
        if dialect.name == "postgresql":
            self._coders = tuple(_binary(column.type, dialect) for column in table.columns)
            self.encode = self._binary_row
        else:
            self._coders = tuple(_plain(column.type, dialect) for column in table.columns)
            self._known = tuple(_known(column.type) for column in table.columns)
            self.encode = self._plain_row

    def stencil(self, row: Sequence[Any], names: Sequence[str]) -> Callable[..., EncodedRow]:
        """Gives what encodes rows that are as this one but for some columns: it takes their values in that order."""
        places = [self.columns.index(name) for name in names]
        if not self._known:
            return self._binary_stencil(row, places)
        fixed, coders, known = list(self._plain_row(row)), self._coders, self._known
        open_ = [(place, known[place], coders[place]) for place in places]

        def fill(*values: Any) -> EncodedRow:
            made = fixed.copy()
            for (place, as_is, code), value in zip(open_, values, strict=True):
                made[place] = value if type(value) in as_is else code(value)
            return tuple(made)

        return fill

    def _binary_stencil(self, row: Sequence[Any], places: Sequence[int]) -> Callable[..., EncodedRow]:
        pieces, at = [self._head], dict[int, int]()
        for place, (code, value) in enumerate(zip(self._coders, row, strict=True)):
            if place in places:
                at[place] = len(pieces)
                pieces += (b"", b"")
            else:
                pieces[-1] += _NULL if value is None else code(value)
        open_ = [(at[place], self._coders[place]) for place in places]

        def fill(*values: Any) -> EncodedRow:
            made = pieces.copy()
            for (place, code), value in zip(open_, values, strict=True):
                made[place] = _NULL if value is None else code(value)
            return b"".join(made)

        return fill

    def _binary_row(self, row: Sequence[Any]) -> bytes:
        return self._head + b"".join(
            [_NULL if value is None else code(value) for code, value in zip(self._coders, row, strict=True)]
        )

    def _plain_row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            [
                value if type(value) in as_is else code(value)
                for value, as_is, code in zip(row, self._known, self._coders, strict=True)
            ]
        )


class RowCoders:
    """A coder for each table, made when it is first asked for."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._coders: dict[str, RowCoder] = {}

    def of(self, name: str) -> RowCoder:
        """The coder of this table."""
        coder = self._coders.get(name)
        if coder is None:
            coder = self._coders[name] = RowCoder(metadata.tables[name], self._dialect)
        return coder


class RowLoader:
    """Texts of the statements that take encoded rows, once per table."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[str, str] = {}

    def columns(self, name: str) -> list[str]:
        """The columns of a table, in the order of its encoded rows."""
        return [column.name for column in metadata.tables[name].columns]

    def insert(self, name: str) -> str:
        """The INSERT of one row, by position."""
        text = self._texts.get(name)
        if text is None:
            table = metadata.tables[name]
            values = {column: bindparam(column.name, type_=column.type) for column in table.columns}
            text = self._texts[name] = str(insert(table).values(values).compile(dialect=self._dialect))
        return text


def _text(value: str) -> bytes:
    raw = value.encode()
    size = len(raw)
    return (_LENGTHS[size] if size < _SHORT else _length(size)) + raw


def _raw(value: bytes) -> bytes:
    return _length(len(value)) + value


def _json(value: Any) -> bytes:
    raw = orjson.dumps(value)
    return _length(len(raw) + 1) + b"\1" + raw


def _remembering(encode: Callable[[datetime], Any]) -> Callable[[datetime], Any]:
    """Rows made together share their time."""
    last: datetime | None = None
    encoded: Any = None

    def remembered(value: datetime) -> Any:
        nonlocal last, encoded
        if value is not last:
            last, encoded = value, encode(value)
        return encoded

    return remembered


def _binary(kind: TypeEngine[Any], dialect: Dialect) -> _Encode:
    """How a value of a column goes into COPY. Raises TypeError for a type that no table here has."""
    simple: tuple[tuple[type[TypeEngine[Any]], _Encode], ...] = (
        (Id, lambda value: _ID_HEAD + value.bytes),
        (Instant, _remembering(lambda value: _int8(8, (value - _PG_EPOCH) // _MICROSECOND))),
        (Day, lambda value: _int4(4, (value - _PG_DAY).days)),
        (Json, _json),
        (String, _text),
        (Boolean, lambda value: _TRUE if value else _FALSE),
        (SmallInteger, lambda value: _int2(2, value)),
        (BigInteger, lambda value: _int8(8, value)),
        (Integer, lambda value: _int4(4, value)),
        (LargeBinary, _raw),
        (Float, lambda value: _float8(8, value)),
    )
    for known, encode in simple:
        if isinstance(kind, known):
            return encode
    if isinstance(kind, TypeDecorator):
        inner, process = _binary(kind.impl_instance, dialect), kind.process_bind_param
        return lambda value: inner(process(value, dialect))
    raise TypeError(f"no binary form of {kind!r}")


def _plain(kind: TypeEngine[Any], dialect: Dialect) -> _Plain:
    """How a value of a column becomes a plain one of SQLite's."""
    if isinstance(kind, String):
        return _plain_text
    if isinstance(kind, Id):
        return lambda value: value.bytes
    if isinstance(kind, Instant):
        return _remembering(micros)
    if isinstance(kind, Day | Json):
        return kind.bind_processor(dialect) or _same
    if isinstance(kind, TypeDecorator):
        inner, process = _plain(kind.impl_instance, dialect), kind.process_bind_param
        return lambda value: inner(process(value, dialect))
    return _same


def _known(kind: TypeEngine[Any]) -> frozenset[type]:
    """The types whose values go into a column of SQLite's as they are: most do, and need no call."""
    for column, types in _PLAIN_TYPES:
        if isinstance(kind, column):
            return types
    return _NOTHING


def _same(value: Any) -> Any:
    return value


def _plain_text(value: str) -> str:
    # An enum is a text to the driver, but not to who carries it between processes.
    return value if type(value) is str else str(value.value if isinstance(value, Enum) else value)


_NOTHING: Final[frozenset[type]] = frozenset({type(None)})
_PLAIN_TYPES: Final[tuple[tuple[type[TypeEngine[Any]], frozenset[type]], ...]] = (
    (String, _NOTHING | {str}),
    (Boolean, _NOTHING | {bool}),
    (Integer, _NOTHING | {int}),
    (LargeBinary, _NOTHING | {bytes}),
    (Float, _NOTHING | {float}),
)
