"""Statements compiled once: SQLAlchemy writes the text and the type conversions, the driver runs them.

Three attributes of SQLAlchemy's compiled object used here are not public (`positiontup`, `_bind_processors`,
`_result_columns`); tests/unit/kit/test_query.py holds them on both dialects, and SQLAlchemy is pinned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast
from weakref import WeakSet

from sqlalchemy import ClauseElement, ColumnElement, LargeBinary, Select, Table, bindparam
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from custhub.kit.db import EngineName, Id, ListOf, Row

R = TypeVar("R")
AnySelect = Select[*tuple[Any, ...]]

#: Key in `Table.info` of tables whose rows belong to a customer: statements over them must say their reach.
REACH = "reach"

#: Key in `Table.info`: which rows about a customer only say what the hub concluded by itself, True for all of them.
#: They hold nobody in place, and go with what they were concluded from.
CONCLUDED = "concluded"


class Reader(Protocol):
    """What runs a read: the database itself, or the transaction of a unit of work."""

    @property
    def name(self) -> EngineName:
        """The engine."""

    @property
    def dialect(self) -> Dialect:
        """SQLAlchemy's dialect of the engine."""

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Run one statement and give all its rows."""


class Text:
    """One compiled statement: its text and the conversions of its parameters and columns."""

    __slots__ = ("_binds", "_defaults", "_names", "_plain", "_results", "sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
        self.sql = str(compiled)
        self._names = tuple(compiled.positiontup or ())
        self._defaults = {k: v for k, v in compiled.params.items() if v is not None}
        processors: dict[str, Any] = dict(compiled._bind_processors)
        self._binds = tuple((name, processors.get(name)) for name in self._names)
        self._plain = not processors
        self._results = tuple(
            (i, p)
            for i, c in enumerate(compiled._result_columns or ())
            if (p := c.type._cached_result_processor(dialect, None)) is not None
        )

    def values(self, params: dict[str, Any]) -> list[Any]:
        """Parameters in the order of the text, converted for the driver."""
        if self._defaults:
            params = self._defaults | params
        if self._plain:
            return [params[name] for name in self._names]
        return [params[name] if p is None else p(params[name]) for name, p in self._binds]

    def row(self, raw: Row) -> Sequence[Any]:
        """A driver's row converted to Python values."""
        if not self._results:
            return raw  # type: ignore[no-any-return]  # positional already
        row = list(raw)
        for i, p in self._results:
            if (value := row[i]) is not None:  # nothing is converted into a value
                row[i] = p(value)
        return row


class Query(Generic[R]):
    """A named read statement, compiled once per engine at start.

    `row` makes the frozen row from the positional values (usually `SomeRow._make`). Raises TypeError when the
    statement touches rows of customers and was not passed through `security.reach` nor marked `everyone`.
    """

    #: Those that exist: statements built for a rare request go again with whoever kept them.
    registry: ClassVar[WeakSet[Query[Any]]] = WeakSet()

    def __init__(self, statement: AnySelect, row: Callable[[Iterable[Any]], R], *, everyone: str = "") -> None:
        if not everyone and not statement.get_execution_options().get(REACH):
            for table in _tables(statement):
                if table.info.get(REACH):
                    raise TypeError(f"a statement over {table.name} says neither its reach nor why it needs none")
        self.statement = statement
        self._row = row
        self._texts: dict[str, Text] = {}
        Query.registry.add(self)

    def text(self, dialect: Dialect) -> Text:
        """The compiled statement of one engine."""
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = Text(self.statement, dialect)
        return text

    async def all(self, reader: Reader, **params: Any) -> list[R]:
        """Every row."""
        text = self._texts.get(reader.name) or self.text(reader.dialect)
        make, convert = self._row, text.row
        return [make(convert(raw)) for raw in await reader.fetch(text.sql, text.values(params))]

    async def first(self, reader: Reader, **params: Any) -> R | None:
        """The first row, or None."""
        text = self._texts.get(reader.name) or self.text(reader.dialect)
        rows = await reader.fetch(text.sql, text.values(params))
        return self._row(text.row(rows[0])) if rows else None


def compile_queries(dialect: Dialect) -> None:
    """Compile every declared query for one engine; a broken one stops the start."""
    for query in list(Query.registry):
        query.text(dialect)


def _tables(statement: AnySelect) -> set[Table]:
    return {element for element in visitors.iterate(statement) if isinstance(element, Table)}


class _members(ColumnElement[Any]):
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.is_binary = isinstance(column.type, Id | LargeBinary)
        self.values = bindparam(name, type_=ListOf(column.type))

    def get_children(self, **_: Any) -> Iterable[Any]:
        return (self.values,)


@compiles(_members, "postgresql")
def _members_postgresql(element: _members, compiler: SQLCompiler, **kw: Any) -> str:
    return f"= ANY ({compiler.process(element.values, **kw)})"


@compiles(_members, "sqlite")
def _members_sqlite(element: _members, compiler: SQLCompiler, **kw: Any) -> str:
    # `from_hex` is registered on every connection of ours (kit/sqlite.py): unhex() needs SQLite 3.41.
    value = "from_hex(value)" if element.is_binary else "value"
    return f"IN (SELECT {value} FROM json_each({compiler.process(element.values, **kw)}))"  # noqa: S608  # constants


def any_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`column = ANY (:name)` with one bound list; `column IN (SELECT ... json_each)` on SQLite."""
    return column.op("", is_comparison=True)(_members(column, name))
