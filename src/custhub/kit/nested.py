"""Children of a row as one JSON column, so that a parent with all its parts is one statement on both engines.

Each child is an array in the order of its columns; `reader` turns it back into the frozen row class. Ids and bytes
travel in hexadecimal, times as microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import orjson
from asyncpg.pgproto.pgproto import UUID as DriverUUID
from sqlalchemy import Boolean, Column, ColumnElement, LargeBinary, Select, Table, Text, TypeDecorator, select
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import ScalarSelect

from custhub.kit.db import Id, Instant, from_micros

R = TypeVar("R")


class _value(ColumnElement[Any]):
    inherit_cache = True
    type = Text()

    def __init__(self, column: Column[Any]) -> None:
        self.column = column

    def get_children(self, **_: Any) -> Iterable[Any]:
        return (self.column,)


class _rows(ColumnElement[Any]):
    inherit_cache = True
    type = Text()

    def __init__(self, values: Sequence[ColumnElement[Any]]) -> None:
        self.values = tuple(values)

    def get_children(self, **_: Any) -> Iterable[Any]:
        return self.values


def _is_bytes(column: Column[Any]) -> bool:
    return isinstance(getattr(column.type, "impl_instance", column.type), LargeBinary) and not isinstance(
        column.type, Id
    )


@compiles(_value, "postgresql")
def _value_postgresql(element: _value, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.column, **kw)
    if isinstance(element.column.type, Instant):
        return f"(extract(epoch FROM {text}) * 1000000)::bigint"
    return f"encode({text}, 'hex')" if _is_bytes(element.column) else text


@compiles(_value, "sqlite")
def _value_sqlite(element: _value, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.column, **kw)
    if isinstance(element.column.type, Id) or _is_bytes(element.column):
        return f"CASE WHEN {text} IS NULL THEN NULL ELSE hex({text}) END"
    return text


@compiles(_rows, "postgresql")
def _rows_postgresql(element: _rows, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_agg(json_build_array({', '.join(compiler.process(v, **kw) for v in element.values)}))::text"


@compiles(_rows, "sqlite")
def _rows_sqlite(element: _rows, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array(json_array({', '.join(compiler.process(v, **kw) for v in element.values)}))"


def children(
    table: Table, parent: Column[Any], key: str = "customer_id", only: ColumnElement[bool] | None = None
) -> ScalarSelect[Any]:
    """All rows of `table` that point at `parent`, as JSON text; null or an empty list without any."""
    own: Select[Any] = (
        select(_rows([_value(column) for column in table.columns]))
        .where(table.c[key] == parent)
        .correlate(parent.table)
    )
    if only is not None:
        own = own.where(only)
    return own.scalar_subquery()


def reader(table: Table, row: Callable[[Iterable[Any]], R]) -> Callable[[str | None], tuple[R, ...]]:
    """The function that reads the JSON of `children(table, ...)` into rows."""
    convert: list[tuple[int, Callable[[Any], Any]]] = []
    for i, column in enumerate(table.columns):
        kind = column.type
        if isinstance(kind, Id):
            convert.append((i, DriverUUID))
        elif _is_bytes(column):
            convert.append((i, _wrapped(kind) if isinstance(kind, TypeDecorator) else bytes.fromhex))
        elif isinstance(kind, Instant):
            convert.append((i, from_micros))
        elif isinstance(kind, Boolean):
            convert.append((i, bool))
    plan = tuple(convert)

    def read(text: str | None) -> tuple[R, ...]:
        if text is None or text == "[]":
            return ()
        found: list[R] = []
        # Aggregates promise no order; the first column is an id, and ids ascend in time.
        for values in sorted(orjson.loads(text)):
            for i, make in plan:
                if values[i] is not None:
                    values[i] = make(values[i])
            found.append(row(values))
        return tuple(found)

    return read


def _wrapped(kind: TypeDecorator[Any]) -> Callable[[Any], Any]:
    # A decorated binary type (sealed columns) makes its own value of the bytes.
    wrap, dialect = kind.process_result_value, pysqlite.dialect()
    return lambda value: wrap(bytes.fromhex(value), dialect)
