"""Writes of jobs: statements compiled once, run for many rows inside an explicit transaction.

Requests collect their writes in a unit of work; a job that moves thousands of rows would give it a shape of
thousands of statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import ARRAY, ClauseElement, ColumnElement, bindparam, func, select
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from custhub.kit.db import Database, TransactionConnection
from custhub.kit.query import Text

R = TypeVar("R")
#: Gives the value of this name of the row that a statement is written for.
Value = Callable[[str], ColumnElement[Any]]


class Command:
    """A named write statement."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._texts: dict[str, Text] = {}

    async def run(self, database: Database, connection: TransactionConnection, **params: Any) -> int:
        """Run it once and give the number of rows it touched."""
        text = self._texts.get(database.name)
        if text is None:
            text = self._texts[database.name] = Text(self._statement, database.dialect)
        return await connection.execute(text.sql, text.values(params))


class RowsCommand:
    """A write statement for many rows of values: one with arrays on PostgreSQL, one for each row on SQLite.

    `build` writes the statement with `value(name)` wherever a value of the row stands; `types` are those values.
    """

    def __init__(self, build: Callable[[Value], ClauseElement], **types: TypeEngine[Any]) -> None:
        self._build = build
        self._types = types
        self._texts: dict[str, Text] = {}

    async def run(
        self, database: Database, connection: TransactionConnection, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Run it for these rows; each has every value."""
        if not rows:
            return
        text = self._texts.get(database.name)
        if text is None:
            text = self._texts[database.name] = Text(self._statement(database.dialect), database.dialect)
        if database.name == "postgresql":
            await connection.execute(text.sql, text.values({name: [row[name] for row in rows] for name in self._types}))
        else:
            await connection.execute_many(text.sql, [text.values(dict(row)) for row in rows])

    def _statement(self, dialect: Dialect) -> ClauseElement:
        if dialect.name != "postgresql":
            return self._build(lambda name: bindparam(name, type_=self._types[name]))
        # One dimension: a list as value is no array of its own.
        arrays = (bindparam(name, type_=ARRAY(kind, dimensions=1)) for name, kind in self._types.items())
        given = select(*(func.unnest(array).label(str(array.key)) for array in arrays)).subquery("given")
        return self._build(lambda name: given.c[name])


class Returning(Generic[R]):
    """A named write statement with RETURNING: it answers the rows it touched. Compiled once for each engine."""

    def __init__(self, statement: ClauseElement, row: Callable[[Iterable[Any]], R]) -> None:
        self._statement = statement
        self._row = row
        self._texts: dict[str, Text] = {}

    async def run(self, database: Database, connection: TransactionConnection, **params: Any) -> list[R]:
        """Run it once."""
        text = self._texts.get(database.name)
        if text is None:
            text = self._texts[database.name] = Text(self._statement, database.dialect)
        return [self._row(text.row(raw)) for raw in await connection.fetch(text.sql, text.values(params))]
