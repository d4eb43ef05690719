"""What a database holds of customers, as one value: business content alone (MATCHING, section 5)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from sqlalchemy import Table

from custhub.features.customers.queries.referring import TRACES
from custhub.kit.db import metadata
from custhub.migrate import load_tables

_NO_CONTENT = frozenset({"revision", "updated_at"})
_MODULUS = 1 << 256


class Content(NamedTuple):
    """Rows by table, and a sum over all of them that does not depend on their order."""

    rows: dict[str, int]
    checksum: str


class Books:
    """Reads the database of a hub beside it: a file, or a PostgreSQL by its URL."""

    def __init__(self, database: Path | str) -> None:
        load_tables()
        self._database = database

    async def content(self) -> Content:
        """Of all customers that are not erased."""
        rows: dict[str, int] = {}
        total = 0
        for table in sorted(_tables(), key=lambda table: table.name):
            columns = ", ".join(f'"{column.name}"' for column in table.columns if column.name not in _NO_CONTENT)
            where = " WHERE erased_at IS NULL" if table.name == "customers" else ""
            count = 0
            async for row in self._rows(f"SELECT {columns} FROM {table.name}{where}"):  # noqa: S608  # names of our own
                count += 1
                digest = hashlib.sha256(repr((table.name, *row)).encode()).digest()
                total = (total + int.from_bytes(digest, "big")) % _MODULUS
            rows[table.name] = count
        return Content(rows, f"{total:064x}")

    async def value(self, sql: str) -> Any:
        """The one value of a statement."""
        rows = [row async for row in self._rows(sql)]
        return rows[0][0]

    async def run(self, sql: str) -> None:
        """Change something, on PostgreSQL."""
        connection = await asyncpg.connect(str(self._database))
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def _rows(self, sql: str) -> AsyncIterator[tuple[Any, ...]]:
        if isinstance(self._database, Path):
            with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as file:
                for row in file.execute(sql):
                    yield row
            return
        connection = await asyncpg.connect(self._database)
        try:
            async with connection.transaction(readonly=True):
                async for row in connection.cursor(sql, prefetch=5_000):
                    yield tuple(row)
        finally:
            await connection.close()


def _tables() -> Iterator[Table]:
    for table in metadata.tables.values():
        named = any(key.target_fullname == "customers.id" for key in table.foreign_keys)
        if table.name == "customers" or (table.name not in TRACES and (named or "customer_id" in table.columns)):
            yield table
