"""Rows whose unique keys others may hold: many are stored by one statement, those that were free are told.

INSERT ... ON CONFLICT DO NOTHING RETURNING. Of two rows with one key the first is stored. It waits for a rival
that has not committed yet, so what it tells stays true until this transaction ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ARRAY, ClauseElement, Column, LargeBinary, Table, Text, bindparam, column, func, select, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import Dialect

from custhub.kit.db import EngineName, Id
from custhub.kit.query import Text as Compiled
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import SORTED

#: Rows of one statement: SQLite runs it in the loop.
_AT_ONCE = 250


class ContestedInsert:
    """Stores rows of one table, whose info names the contested key (`SORTED`); no binary column may be null.

    Answers the columns `returning` of those it could store.
    """

    def __init__(self, table: Table, returning: Sequence[str]) -> None:
        self._table = table
        self._columns = list(table.columns)
        self._order = [table.columns.keys().index(name) for name in table.info[SORTED]]
        self._returning = [table.c[name] for name in returning]
        self._texts: dict[EngineName, Compiled] = {}

    async def store(self, uow: UnitOfWork, rows: Sequence[NamedTuple]) -> list[tuple[Any, ...]]:
        """Store what is free, in the explicit transaction of this unit of work, which it opens."""
        if not rows:
            return []
        # In one order everywhere: those that want the same keys wait for each other, never in a circle.
        rows = sorted(rows, key=lambda row: [row[i] for i in self._order])
        await uow.flush()
        text = self._texts.get(uow.name)
        if text is None:
            text = self._texts[uow.name] = Compiled(self._statement(uow.dialect), uow.dialect)
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            params = self._arrays(some) if uow.name == "postgresql" else self._json(some, uow.dialect)
            found += (tuple(text.row(raw)) for raw in await uow.fetch(text.sql, text.values(params)))
            await asyncio.sleep(0)  # a turn for others, no wait: the transaction goes on at once
        return found

    def _statement(self, dialect: Dialect) -> ClauseElement:
        names = [c.name for c in self._columns]
        if dialect.name == "postgresql":
            arrays = [func.unnest(bindparam(c.name, type_=ARRAY(c.type))).label(c.name) for c in self._columns]
            insert = postgresql_insert(self._table).from_select(names, select(*arrays))
            return insert.on_conflict_do_nothing().returning(*self._returning)
        values = [self._value(i, c) for i, c in enumerate(self._columns)]
        each = func.json_each(bindparam("rows", type_=Text())).table_valued("value")
        # WHERE keeps SQLite's parser from reading ON as part of a join.
        chosen = select(*values).select_from(each).where(true())
        return (
            sqlite_insert(self._table).from_select(names, chosen).on_conflict_do_nothing().returning(*self._returning)
        )

    @staticmethod
    def _value(i: int, stored: Column[Any]) -> Any:  # an expression of any type
        value = func.json_extract(column("value"), f"$[{i}]")
        return func.from_hex(value) if _is_binary(stored) else value

    def _arrays(self, rows: Sequence[NamedTuple]) -> dict[str, Any]:
        return {c.name: [row[i] for row in rows] for i, c in enumerate(self._columns)}

    def _json(self, rows: Sequence[NamedTuple], dialect: Dialect) -> dict[str, Any]:
        binds = [c.type.dialect_impl(dialect).bind_processor(dialect) for c in self._columns]
        hexed = [_is_binary(c) for c in self._columns]
        values = [
            [
                _plain(value if bind is None else bind(value), binary)
                for value, bind, binary in zip(row, binds, hexed, strict=True)
            ]
            for row in rows
        ]
        return {"rows": orjson.dumps(values).decode()}


def _is_binary(stored: Column[Any]) -> bool:
    return isinstance(stored.type, Id | LargeBinary)


def _plain(value: Any, binary: bool) -> Any:  # a driver's value
    return value.hex() if binary and value is not None else value
