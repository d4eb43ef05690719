"""The only writers of the chain, its checkpoints and its cuts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select

from custhub.features.audit.models import (
    ChainLink,
    CheckpointRow,
    CutRow,
    audit_chain,
    audit_checkpoints,
    audit_cuts,
    audit_entries,
)
from custhub.features.audit.queries.chain import LOCK, TRY_LOCK
from custhub.kit.commands import Command
from custhub.kit.db import Database, EngineName, Row, TransactionConnection
from custhub.kit.writes import WriteSet

#: What a cut removes rows from.
_CUT_TABLES = ("audit_entries", "audit_chain", "audit_checkpoints")
#: While a cut waits for its locks every writer waits behind it. Shorter than PostgreSQL's deadlock_timeout, so that
#: it is the cut that gives way, never a request.
_CUT_WAIT = "SET LOCAL lock_timeout = '500ms'"

_last = bindparam("last_seq", type_=audit_chain.c.seq.type)
_DELETE_ENTRIES = Command(
    delete(audit_entries).where(
        audit_entries.c.id.in_(select(audit_chain.c.entry_id).where(audit_chain.c.seq <= _last))
    )
)
_DELETE_LINKS = Command(delete(audit_chain).where(audit_chain.c.seq <= _last))
#: The one that ends where the cut ends stays: the chain goes on from it.
_DELETE_CHECKPOINTS = Command(delete(audit_checkpoints).where(audit_checkpoints.c.last_seq < _last))


class Guard(NamedTuple):
    """The statements that let go of an append-only table and that hold it again."""

    drop: Sequence[str]
    create: Sequence[str]


def guard_of(engine: EngineName, table: str) -> Guard:
    """The triggers of one table, word for word as the migration made them."""
    if engine == "postgresql":
        name = f"{table}_append_only"
        create = (
            f"CREATE TRIGGER {name} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()"
        )
        return Guard([f"DROP TRIGGER {name} ON {table}"], [create])
    names = {operation: f"{table}_no_{operation.lower()}" for operation in ("UPDATE", "DELETE")}
    return Guard(
        [f"DROP TRIGGER {name}" for name in names.values()],
        [
            f"CREATE TRIGGER {name} BEFORE {operation} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'audit rows are append-only'); END"
            for operation, name in names.items()
        ],
    )


class ChainRepository:
    """The chain inside one transaction of its one writer; queries read in it."""

    def __init__(self, database: Database, connection: TransactionConnection) -> None:
        self.name: EngineName = database.name
        self.dialect = database.dialect
        self._database = database
        self._connection = connection

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read in this transaction."""
        return await self._connection.fetch(sql, values)

    async def append(self, links: Sequence[ChainLink]) -> None:
        """Add links behind the tail."""
        writes = WriteSet()
        writes.insert_all(audit_chain, [link._asdict() for link in links])
        await self._connection.send(writes)

    async def cut(self, row: CutRow, more: WriteSet) -> None:
        """Remove what went into an archive and record it, with `more` (the audit entry), all or nothing.

        The triggers are gone for this transaction only. On PostgreSQL that locks the tables: everything that writes
        audit entries waits, so a cut is bounded by its number of entries. It cannot be done in batches.
        """
        connection = self._connection
        guards = [guard_of(self.name, table) for table in _CUT_TABLES]
        if self.name == "postgresql":
            await connection.execute(_CUT_WAIT, ())
        for statement in (statement for guard in guards for statement in guard.drop):
            await connection.execute(statement, ())
        for command in (_DELETE_ENTRIES, _DELETE_LINKS, _DELETE_CHECKPOINTS):
            await command.run(self._database, connection, last_seq=row.last_seq)
        for statement in (statement for guard in guards for statement in guard.create):
            await connection.execute(statement, ())
        more.insert(audit_cuts, row._asdict())
        await connection.send(more)


@asynccontextmanager
async def the_one_writer(database: Database, *, wait: bool = False) -> AsyncIterator[ChainRepository | None]:
    """A transaction that alone may write the chain; None when another process has it and `wait` is not set."""
    async with database.transaction() as connection:
        chain = ChainRepository(database, connection)
        # On SQLite the writer's own lock is enough: one process, one writer.
        held = True
        if database.name == "postgresql":
            if wait:
                await LOCK.first(chain)
            else:
                held = bool(await TRY_LOCK.first(chain))
        yield chain if held else None


async def add_checkpoints(database: Database, rows: Sequence[CheckpointRow]) -> None:
    """Store checkpoints. Raises Violation when another process was faster."""
    writes = WriteSet()
    writes.insert_all(audit_checkpoints, [row._asdict() for row in rows])
    await database.send(writes)
