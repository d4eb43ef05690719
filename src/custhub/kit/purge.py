"""Deleting rows that have had their time, a few at a time: no write waits long for it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Table, bindparam, delete, select, tuple_

from custhub.kit.db import Database, EngineName
from custhub.kit.query import Text

_ROWS = 200


class Purge:
    """Rows of one table, oldest first by `at`, a column with an index."""

    def __init__(self, table: Table, at: Column[datetime], *only: ColumnElement[bool]) -> None:
        key = table.primary_key.columns
        old = select(*key).where(*only, at < bindparam("before", type_=at.type)).order_by(at).limit(bindparam("rows"))
        self._statement = delete(table).where(tuple_(*key).in_(old))
        self._texts: dict[EngineName, Text] = {}

    async def run(self, database: Database, before: datetime) -> int:
        """Delete what is older than `before` and tell how many rows that were. Raises DatabaseUnavailable."""
        text = self._texts.get(database.name)
        if text is None:
            text = self._texts[database.name] = Text(self._statement, database.dialect)
        values = text.values({"before": before, "rows": _ROWS})
        total = 0
        while True:
            async with database.transaction() as connection:
                deleted: int = await connection.execute(text.sql, values)
            total += deleted
            if deleted < _ROWS:
                return total
            await asyncio.sleep(0)
