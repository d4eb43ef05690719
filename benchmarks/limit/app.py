"""A bare FastAPI application over asyncpg or sqlite3: what the same work costs without a hub around it."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import uvicorn
import uvloop
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.interfaces import Dialect

from benchmarks.limit.rows import Statements, body, bound, insert_texts, new_rows
from custhub.features.customers.schemas.answers import CustomerMatches, CustomerPage, CustomerRead
from custhub.kit.ids import Prefix, from_text, new_id
from custhub.kit.query import Text
from custhub.kit.sqlite import connect
from custhub.settings import Settings

app = FastAPI()


class Phone(BaseModel):
    """A number."""

    number: str


class Create(BaseModel):
    """A customer to create."""

    display_name: str
    phones: list[Phone] = []


class Patch(BaseModel):
    """What may change."""

    note: str | None = None


class Batch(BaseModel):
    """Customers to create together."""

    items: list[Create]


class Store:
    """The raw driver of one engine."""

    statements: Statements

    async def open(self) -> None:
        """Connect."""

    async def fetch(self, text: Text, **params: Any) -> Sequence[Any]:
        """All rows of a statement."""
        raise TypeError

    async def insert(self, rows: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        """BEGIN, the six inserts of each customer, COMMIT."""

    async def update(self, customer_id: Any, note: str | None, revision: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """BEGIN, the update and two inserts, COMMIT."""

    async def audit(self, row: tuple[Any, ...]) -> None:
        """One insert."""


class PostgresStore(Store):
    """asyncpg's own pool, as its documentation shows it."""

    async def open(self) -> None:
        """Connect."""
        dialect: Dialect = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        self.statements = Statements(dialect)
        self._inserts = insert_texts(dialect)

        async def init(connection: Any) -> None:
            for name in ("json", "jsonb"):
                await connection.set_type_codec(name, encoder=str, decoder=str, schema="pg_catalog", format="text")

        self._pool = await asyncpg.create_pool(
            Settings().database_url, min_size=10, max_size=10, init=init, server_settings={"timezone": "UTC"}
        )

    async def fetch(self, text: Text, **params: Any) -> Sequence[Any]:
        """All rows of a statement."""
        async with self._pool.acquire() as connection:
            return await connection.fetch(text.sql, *text.values(params))  # type: ignore[no-any-return]

    async def insert(self, rows: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        """BEGIN, the inserts, COMMIT."""
        async with self._pool.acquire() as connection, connection.transaction():
            for i, (sql, processors) in enumerate(self._inserts):
                if len(rows) == 1:
                    await connection.execute(sql, *bound(rows[0][i], processors))
                else:
                    await connection.executemany(sql, [bound(row[i], processors) for row in rows])

    async def update(self, customer_id: Any, note: str | None, revision: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """BEGIN, the update and two inserts, COMMIT."""
        sql = "UPDATE customers SET note = $1, revision = $2, updated_at = $3 WHERE id = $4 AND revision = $5"
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(sql, note, revision + 1, datetime.now(UTC), customer_id, revision)
            for (text, processors), row in zip(self._inserts[4:], rows[4:], strict=True):
                await connection.execute(text, *bound(row, processors))

    async def audit(self, row: tuple[Any, ...]) -> None:
        """One insert."""
        sql, processors = self._inserts[5]
        async with self._pool.acquire() as connection:
            await connection.execute(sql, *bound(row, processors))


class SqliteStore(Store):
    """sqlite3 inline in the loop."""

    async def open(self) -> None:
        """Connect."""
        dialect = pysqlite.dialect()
        self.statements = Statements(dialect)
        self._inserts = insert_texts(dialect)
        path = Settings().sqlite_path
        self._reader: sqlite3.Connection = connect(path, read_only=True)
        self._writer: sqlite3.Connection = connect(path)

    async def fetch(self, text: Text, **params: Any) -> Sequence[Any]:
        """All rows of a statement."""
        return self._reader.execute(text.sql, text.values(params)).fetchall()

    async def insert(self, rows: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        """BEGIN, the inserts, COMMIT."""
        self._writer.execute("BEGIN IMMEDIATE")
        for i, (sql, processors) in enumerate(self._inserts):
            self._writer.executemany(sql, [bound(row[i], processors) for row in rows])
        self._writer.execute("COMMIT")

    async def update(self, customer_id: Any, note: str | None, revision: int, rows: Sequence[tuple[Any, ...]]) -> None:
        """BEGIN, the update and two inserts, COMMIT."""
        sql = "UPDATE customers SET note = ?, revision = ?, updated_at = ? WHERE id = ? AND revision = ?"
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        self._writer.execute("BEGIN IMMEDIATE")
        self._writer.execute(sql, (note, revision + 1, now, customer_id.bytes, revision))
        for (text, processors), row in zip(self._inserts[4:], rows[4:], strict=True):
            self._writer.execute(text, bound(row, processors))
        self._writer.execute("COMMIT")

    async def audit(self, row: tuple[Any, ...]) -> None:
        """One insert."""
        sql, processors = self._inserts[5]
        self._writer.execute(sql, bound(row, processors))


store: Store = PostgresStore() if Settings().engine == "postgresql" else SqliteStore()


@app.get("/v1/customers/{customer_id}", response_model=CustomerRead)
async def get(customer_id: str) -> Any:
    """One customer with its parts."""
    text = store.statements.get
    rows = await store.fetch(text, id=from_text(Prefix.CUSTOMER, customer_id))
    return body(store.statements.record(text, rows[0]))


@app.post("/v1/customers", status_code=201, response_model=CustomerRead)
async def create(new: Create) -> Any:
    """A customer with a number."""
    record, rows = new_rows(new.display_name, new.phones[0].number)
    await store.insert([rows])
    return body(record)


@app.patch("/v1/customers/{customer_id}", response_model=CustomerRead)
async def patch(customer_id: str, change: Patch) -> Any:
    """A changed note."""
    text = store.statements.get
    rows = await store.fetch(text, id=from_text(Prefix.CUSTOMER, customer_id))
    record = store.statements.record(text, rows[0])
    _, new = new_rows("", "13812345678")
    await store.update(record.row.id, change.note, record.row.revision, new)
    return body(record._replace(row=record.row._replace(note=change.note, revision=record.row.revision + 1)))


@app.get("/v1/customers", response_model=CustomerPage)
async def page(limit: int = 50, after_key: str | None = None, after_id: str | None = None) -> Any:
    """A page, newest first."""
    statements = store.statements
    if after_key is None or after_id is None:
        text, params = statements.page, {}
    else:
        key = datetime.fromisoformat(after_key)
        text, params = statements.next, {"after_key": key, "after_id": from_text(Prefix.CUSTOMER, after_id)}
    rows = await store.fetch(text, limit=limit + 1, **params)
    records = [statements.record(text, raw) for raw in rows[:limit]]
    more = len(rows) > limit
    return {"data": [body(record) for record in records], "next_cursor": None, "has_more": more, "total": None}


@app.post("/v1/customers/lookup", response_model=CustomerMatches)
async def lookup(phone: Phone) -> Any:
    """The select and one insert, as the hub's lookup leaves an audit entry."""
    text = store.statements.lookup
    rows = await store.fetch(text, indexes=[bytes.fromhex(phone.number)])
    _, new = new_rows("", phone.number)
    await store.audit(new[5])
    records = [store.statements.record(text, raw) for raw in rows]
    return {"data": [body(record) for record in records], "next_cursor": None, "has_more": False}


@app.post("/v1/customers/batch")
async def batch(new: Batch) -> Any:
    """Many customers in one transaction."""
    made = [new_rows(item.display_name, item.phones[0].number) for item in new.items]
    await store.insert([rows for _, rows in made])
    return {"results": [{"index": i, "status": 201, "id": str(new_id())} for i in range(len(made))]}


async def main(port: int) -> None:
    """Serve until SIGTERM."""
    await store.open()
    config = uvicorn.Config(app, port=port, log_level="warning", access_log=False, loop="uvloop", lifespan="off")
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
