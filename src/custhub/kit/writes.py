"""What one unit of work writes, collected first and sent as one statement.

On PostgreSQL the set becomes one multi-CTE statement; on SQLite the same list runs between BEGIN IMMEDIATE and
COMMIT. The text is cached per shape: the tuple of (operation, table, columns). An update may be a guard: when it
touches no row, nothing of the set is written and `LostRace` is raised. A hold is a guard that changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from sqlalchemy import (
    ARRAY,
    ClauseElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import CTE

Operation = Literal["hold", "insert", "insert_many", "update", "update_many", "delete", "delete_many"]
#: Writes with rows: keys of those to remove, values of new ones, or both (their names with `k_` and `v_` before them).
_MANY = ("insert_many", "update_many", "delete_many")

#: Key in `Table.info`: the columns of a contested unique key. Rows of one write go in sorted by them: rivals that
#: bring the same keys in opposite order would wait for each other.
SORTED = "sorted"


class LostRace(Exception):
    """A guarded update found another revision: the request runs once more, with its rows locked."""


@dataclass(frozen=True, slots=True)
class Write:
    """One statement of the set: rows for many, key and values for the others."""

    operation: Operation
    table: Table
    key: Mapping[str, Any]
    values: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] = ()
    guard: bool = False

    @property
    def shape(self) -> tuple[Any, ...]:
        """What the text depends on."""
        if self.operation in _MANY:
            return (self.operation, self.table.name, tuple(self.rows[0]))
        if self.operation == "hold":
            return (self.operation, self.table.name, tuple((name, value is None) for name, value in self.key.items()))
        return (self.operation, self.table.name, tuple(self.key), tuple(self.values), self.guard)

    @property
    def rank(self) -> int:
        """Holds first: a row that the same statement has changed is found by no lock. Then the other guards."""
        return 0 if self.operation == "hold" else 1 if self.guard else 2


@dataclass(slots=True)
class WriteSet:
    """Rows to write, in the order in which parents come before children."""

    writes: list[Write] = field(default_factory=list)

    def insert(self, table: Table, values: Mapping[str, Any]) -> None:
        """Add one row; every column is given, there are no database defaults."""
        for i, known in enumerate(self.writes):
            if known.table is table and known.operation in ("insert", "insert_many"):
                rows = known.rows if known.operation == "insert_many" else (known.values,)
                self.writes[i] = Write("insert_many", table, {}, {}, _sorted(table, [*rows, values]))
                return
        self.writes.append(Write("insert", table, {}, values))

    def insert_all(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add many rows of one table at once."""
        if rows:
            self.writes.append(Write("insert_many", table, {}, {}, _sorted(table, rows)))

    def update(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], *, guard: bool = False) -> None:
        """Change the row with this key; as a guard, losing it loses the whole set."""
        self.writes.append(Write("update", table, key, values, guard=guard))

    def update_all(self, table: Table, changes: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
        """Change many rows, each by its key; one statement for all that name the same columns."""
        by_shape: dict[tuple[tuple[str, ...], tuple[str, ...]], list[dict[str, Any]]] = {}
        for key, values in changes:
            row = {f"k_{c}": v for c, v in key.items()} | {f"v_{c}": v for c, v in values.items()}
            by_shape.setdefault((tuple(key), tuple(values)), []).append(row)
        for rows in by_shape.values():
            self.writes.append(Write("update_many", table, {}, {}, rows))

    def hold(self, table: Table, key: Mapping[str, Any]) -> None:
        """Lose the set unless a row has this key (None: no value) or comes with it; none locks it until the commit."""
        given = (row for one in self.writes if one.table is table for row in (*one.rows, one.key, one.values))
        if not any(row.items() >= key.items() for row in given):
            self.writes.append(Write("hold", table, key, {}, guard=True))

    def delete(self, table: Table, key: Mapping[str, Any]) -> None:
        """Remove the rows with this key."""
        self.writes.append(Write("delete", table, key, {}))

    def delete_all(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        """Remove the rows with these keys; each names the same columns."""
        if keys:
            self.writes.append(Write("delete_many", table, {}, {}, _sorted(table, keys)))

    def clear(self) -> None:
        """Forget everything."""
        self.writes.clear()

    @property
    def guards(self) -> int:
        """How many guarded updates there are."""
        return sum(write.guard for write in self.writes)


def _sorted(table: Table, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    names = table.info.get(SORTED)
    return rows if names is None else sorted(rows, key=lambda row: [row[name] for name in names])


@dataclass(frozen=True, slots=True)
class Statement:
    """Compiled text of one write, with the conversions of its parameters."""

    sql: str
    binds: tuple[tuple[str, Any], ...]

    def values(self, params: Mapping[str, Any]) -> list[Any]:
        """Parameters in the order of the text, converted for the driver."""
        return [params[name] if p is None else p(params[name]) for name, p in self.binds]


def _compile(statement: ClauseElement, dialect: Dialect) -> Statement:
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
    processors: dict[str, Any] = dict(compiled._bind_processors)
    names = compiled.positiontup or []
    return Statement(str(compiled), tuple((name, processors.get(name)) for name in names))


def _hold(write: Write, prefix: str) -> Any:
    """The condition of a hold."""
    given = {name: value for name, value in write.key.items() if value is not None}
    missing = (write.table.c[name].is_(None) for name in write.key if name not in given)
    return and_(_condition(write.table, given, prefix), *missing)


def _condition(table: Table, key: Mapping[str, Any], prefix: str) -> Any:
    return and_(*(table.c[c] == bindparam(f"{prefix}k_{c}", type_=table.c[c].type) for c in key))


def _split(write: Write) -> tuple[list[str], list[str]]:
    """Columns of the key and of the values of an update of many."""
    keys = [name.removeprefix("k_") for name in write.rows[0] if name.startswith("k_")]
    return keys, [name.removeprefix("v_") for name in write.rows[0] if name.startswith("v_")]


class SqliteWriter:
    """Texts of single writes for SQLite."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[tuple[Any, ...], Statement] = {}

    def prepare(self, write: Write) -> tuple[Statement, list[list[Any]]]:
        """The text of a write and its rows of parameters."""
        many = write.operation in _MANY
        shape = write.shape
        if write.operation == "insert_many":
            shape = ("insert", write.table.name, (), tuple(write.rows[0]), False)
        text = self._texts.get(shape)
        if text is None:
            text = self._texts[shape] = self._build(write)
        if write.operation == "update_many":
            return text, [text.values(dict(row)) for row in write.rows]
        if many:
            prefix = "v" if write.operation == "insert_many" else "k"
            return text, [text.values({f"{prefix}_{c}": v for c, v in row.items()}) for row in write.rows]
        keys = {f"k_{c}": v for c, v in write.key.items() if v is not None or write.operation != "hold"}
        params = {f"v_{c}": v for c, v in write.values.items()} | keys
        return text, [text.values(params)]

    def _build(self, write: Write) -> Statement:
        table = write.table
        if write.operation == "hold":
            # One writer needs no lock: what is changed to what it is tells that the row is there.
            same = table.c[list(write.key)[-1]]
            return _compile(update(table).where(_hold(write, "")).values({same: same}), self._dialect)
        if write.operation == "update_many":
            keys, changed = _split(write)
            where = _condition(table, dict.fromkeys(keys), "")
            values = {table.c[c]: bindparam(f"v_{c}", type_=table.c[c].type) for c in changed}
            return _compile(update(table).where(where).values(values), self._dialect)
        columns = write.rows[0] if write.rows else write.values
        values = {table.c[c]: bindparam(f"v_{c}", type_=table.c[c].type) for c in columns}
        if write.operation in ("insert", "insert_many"):
            return _compile(insert(table).values(values), self._dialect)
        where = _condition(table, write.rows[0] if write.rows else write.key, "")
        if write.operation == "update":
            return _compile(update(table).where(where).values(values), self._dialect)
        return _compile(delete(table).where(where), self._dialect)


class PostgresWriter:
    """One multi-CTE text per shape of a set."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._texts: dict[tuple[Any, ...], Statement] = {}

    def prepare(self, writes: Sequence[Write]) -> tuple[Statement, list[Any]]:
        """The text of a whole set and its parameters. The one row it answers is the number of guards that held."""
        shape = tuple(write.shape for write in writes)
        text = self._texts.get(shape)
        if text is None:
            text = self._texts[shape] = self._build(writes)
        params: dict[str, Any] = {}
        for i, write in enumerate(writes):
            if write.operation in _MANY:
                for c in write.rows[0]:
                    params[f"w{i}v_{c}"] = [row[c] for row in write.rows]
                continue
            for c, v in write.values.items():
                params[f"w{i}v_{c}"] = v
            for c, v in write.key.items():
                if v is not None or write.operation != "hold":
                    params[f"w{i}k_{c}"] = v
        return text, text.values(params)

    def _build(self, writes: Sequence[Write]) -> Statement:
        guards: list[CTE] = []
        others: list[CTE] = []
        # Guards first: the statements that depend on them refer to their names.
        for i, write in sorted(enumerate(writes), key=lambda pair: pair[1].rank):
            cte = self._cte(f"w{i}", write, guards)
            (guards if write.guard else others).append(cte)
        held = [select(func.count()).select_from(guard).scalar_subquery() for guard in guards]
        total = held[0] if held else literal_column("0")
        for count in held[1:]:
            total = total + count
        return _compile(select(total.label("held")).add_cte(*guards, *others), self._dialect)

    def _cte(self, name: str, write: Write, guards: Sequence[CTE]) -> CTE:
        table = write.table
        held = [exists(select(literal_column("1")).select_from(guard)) for guard in guards]
        if write.operation == "hold":
            # Against those who lock the row to change it, not against whoever just changes it.
            row: Select[Any] = select(literal_column("1").label("done")).select_from(table)
            return row.where(_hold(write, name)).with_for_update(read=True, key_share=True).cte(name)
        if write.operation == "update_many":
            return self._update_many(name, write, held)
        if write.operation in _MANY:
            columns = list(write.rows[0])
            # One dimension: a JSON list as value is no array of its own.
            arrays = [
                func.unnest(bindparam(f"{name}v_{c}", type_=ARRAY(table.c[c].type, dimensions=1))).label(c)
                for c in columns
            ]
            if write.operation == "delete_many":
                keys = select(*arrays).where(*held).subquery(f"{name}_keys")
                named = and_(*(table.c[c] == keys.c[c] for c in columns))
                return delete(table).where(named).returning(literal_column("1").label("done")).cte(name)
            return insert(table).from_select(columns, select(*arrays).where(*held)).returning(
                literal_column("1").label("done")
            ).cte(name)  # fmt: skip
        values = {c: bindparam(f"{name}v_{c}", type_=table.c[c].type) for c in write.values}
        if write.operation == "insert":
            source = select(*(value.label(c) for c, value in values.items())).where(*held)
            return (
                insert(table).from_select(list(values), source).returning(literal_column("1").label("done")).cte(name)
            )
        where = and_(_condition(table, write.key, name), *held)
        if write.operation == "update":
            changed = update(table).where(where).values({table.c[c]: value for c, value in values.items()})
            return changed.returning(literal_column("1").label("done")).cte(name)
        return delete(table).where(where).returning(literal_column("1").label("done")).cte(name)

    @staticmethod
    def _update_many(name: str, write: Write, held: Sequence[Any]) -> CTE:
        table, (keys, changed) = write.table, _split(write)
        named = [(f"k_{c}", table.c[c].type) for c in keys] + [(f"v_{c}", table.c[c].type) for c in changed]
        arrays = [func.unnest(bindparam(f"{name}v_{c}", type_=ARRAY(kind, dimensions=1))).label(c) for c, kind in named]
        given = select(*arrays).where(*held).subquery(f"{name}_rows")
        where = and_(*(table.c[c] == given.c[f"k_{c}"] for c in keys))
        values = {table.c[c]: given.c[f"v_{c}"] for c in changed}
        return update(table).where(where).values(values).returning(literal_column("1").label("done")).cte(name)
