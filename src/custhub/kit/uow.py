"""Unit of work: collects what one entry (a request, a job's batch, a command) writes and commits it once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Table

from custhub.kit.clock import Clock
from custhub.kit.db import Database, EngineName, Row, TransactionConnection, Violation
from custhub.kit.errors import HubError
from custhub.kit.writes import WriteSet


class Actor(NamedTuple):
    """Who does it: a user, a partner client, the operator at the machine, or the hub itself."""

    kind: str
    id: UUID | None
    client_id: str | None = None


SYSTEM = Actor("system", None)


class Fact(Protocol):
    """A committed change others may want to know of; each feature declares its own in events.py."""

    @property
    def type(self) -> str:
        """`resource.verb_past`."""

    @property
    def schema_version(self) -> int:
        """Version of the schema of `data`."""

    @property
    def subject(self) -> tuple[str, UUID, int]:
        """Type, id and revision of the resource."""

    @property
    def customer_id(self) -> UUID | None:
        """Whose it is, so that erasure finds it."""

    def data(self) -> Mapping[str, Any]:
        """Ids, names of changed fields, masks; never plaintext."""


class Sealer(Protocol):
    """Seals the details of an audit entry under its customer's key."""

    def seal(self, table: str, column: str, row_id: UUID, plaintext: bytes) -> bytes:
        """The ciphertext, bound to its row."""


@dataclass(frozen=True, slots=True)
class Note:
    """One entry for the audit log. `fields` are names; values go into `details`, sealed by `sealer`."""

    action: str
    object_type: str
    object_id: UUID | None
    customer_id: UUID | None = None
    fields: Sequence[str] = ()
    reason: str | None = None
    outcome: str = "done"
    details: Mapping[str, Any] | None = None
    sealer: Sealer | None = None


class Recorder(Protocol):
    """Writes events and audit entries; app.build hands it in, kit knows no table."""

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        """Add the rows of facts and notes to the write set."""

    def committed(self) -> None:
        """What was recorded is in the database now."""


class Runnable(Protocol):
    """A compiled statement that touches many rows."""

    async def run(self, database: Database, connection: TransactionConnection, **params: Any) -> int:
        """Run it and give the number of rows it touched."""


class UnitOfWork:
    """What one entry reads and writes. Holds no connection until `flush()`, or at all when it only commits.

    `locking` is set when the request runs a second time after a lost race: reads then go through an explicit
    transaction and lock their rows.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        recorder: Recorder,
        actor: Actor,
        request_id: str,
        *,
        locking: bool = False,
    ) -> None:
        self.name: EngineName = database.name
        self.dialect = database.dialect
        self.database = database
        self.clock = clock
        self.actor = actor
        self.request_id = request_id
        self.locking = locking
        self.now: datetime = clock.now()
        self.customer_id: UUID | None = None
        #: The job whose many events these are: they go by a lane of their own (RELIABILITY E-8).
        self.bulk_id: UUID | None = None
        self.writes = WriteSet()
        self.recorder = recorder
        self._facts: list[Fact] = []
        self._notes: list[Note] = []
        self._afterwards: list[Callable[[], None]] = []
        #: How much of the three above belongs to what was sent.
        self._sent = (0, 0, 0)
        self._translations: dict[str, Callable[[], Awaitable[HubError]]] = {}
        self._transaction: AbstractAsyncContextManager[TransactionConnection] | None = None
        self._connection: TransactionConnection | None = None

    @property
    def is_open(self) -> bool:
        """Whether it holds a transaction, or is about to: on SQLite nobody else can write then."""
        return self.locking or self._connection is not None

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read: inside the transaction where there is one, else from the pool."""
        if self.locking and self._connection is None:
            await self._begin()
        reader = self._connection or self.database
        return await reader.fetch(sql, values)

    def insert(self, table: Table, row: NamedTuple | Mapping[str, Any]) -> None:
        """Add a row; a frozen row class gives all its columns."""
        self.writes.insert(table, row._asdict() if isinstance(row, tuple) else row)

    def update(self, table: Table, key: Mapping[str, Any], values: Mapping[str, Any], *, guard: bool = False) -> None:
        """Change a row; with `guard` the whole unit of work is lost when no row has this key."""
        self.writes.update(table, key, values, guard=guard)

    def delete(self, table: Table, key: Mapping[str, Any]) -> None:
        """Remove rows."""
        self.writes.delete(table, key)

    def emit(self, fact: Fact) -> None:
        """Tell others, in the same commit."""
        self._facts.append(fact)
        self.customer_id = self.customer_id or fact.customer_id

    def audit(self, note: Note) -> None:
        """Leave an audit entry, in the same commit."""
        self._notes.append(note)

    def on_commit(self, work: Callable[[], None]) -> None:
        """Do this once everything is stored, and never if it is not: count it, wake who waits for it."""
        self._afterwards.append(work)

    def on_violation(self, constraint: str, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Say what a refused constraint means here; asked only when it happens, after the rollback."""
        self._translations[constraint] = explain

    def remember(self) -> Callable[[], None]:
        """Gives what takes everything back that is collected from here on, as long as nothing was flushed."""
        writes, facts, notes = list(self.writes.writes), list(self._facts), list(self._notes)
        afterwards = list(self._afterwards)
        translations, customer_id = dict(self._translations), self.customer_id

        def restore() -> None:
            self.writes.writes[:] = writes
            self._facts, self._notes, self._afterwards = facts, notes, afterwards
            self._translations, self.customer_id = translations, customer_id

        return restore

    async def flush(self) -> None:
        """Send what is collected inside an explicit transaction, so that later reads see it."""
        await self._send(await self._begin())

    async def attempt(self) -> None:
        """`flush` for one of several: a refused constraint takes back what was not sent before, and nothing else.

        Raises what the constraint means; LostRace ends the transaction as ever.
        """
        connection = await self._begin()
        await connection.execute("SAVEPOINT part", ())
        try:
            await connection.send(self.writes)
        except Violation as violation:
            await connection.execute("ROLLBACK TO SAVEPOINT part", ())
            self.forget()
            raise await self.explain(violation) from violation
        await connection.execute("RELEASE SAVEPOINT part", ())
        self._settle()

    def forget(self) -> None:
        """Drop what was collected since the last `flush` or `attempt`, with what it would have told others."""
        facts, notes, afterwards = self._sent
        self.writes.clear()
        del self._facts[facts:], self._notes[notes:], self._afterwards[afterwards:]

    async def load(self, table: str, rows: Sequence[Any]) -> None:
        """Store encoded rows (kit/bulk.py) inside the explicit transaction, which it opens."""
        connection = await self._begin()
        try:
            await connection.load(table, rows)
        except Violation as violation:
            await self.rollback()
            raise await self.explain(violation) from violation

    async def load_all(self, loads: Iterable[tuple[str, Sequence[Any]]]) -> bool:
        """`load` of all of these, or of none when a constraint refuses one; whether they are stored."""
        connection = await self._begin()
        await connection.execute("SAVEPOINT loads", ())
        try:
            for table, rows in loads:
                await connection.load(table, rows)
        except Violation:
            await connection.execute("ROLLBACK TO SAVEPOINT loads", ())
            return False
        await connection.execute("RELEASE SAVEPOINT loads", ())
        return True

    async def run(self, command: Runnable, **params: Any) -> int:
        """Run a set-based statement (kit/commands.py) in the explicit transaction; how many rows it touched."""
        return await command.run(self.database, await self._begin(), **params)

    async def commit(self) -> None:
        """Send everything and commit. Raises the expected failure of a violated constraint, or LostRace."""
        recorded = bool(self._facts or self._notes)
        if recorded:
            self.recorder.record(self, self._facts, self._notes)
            self._facts, self._notes = [], []
        try:
            if self._connection is None:
                await self.database.send(self.writes)
            else:
                await self._send(self._connection)
                transaction, self._transaction, self._connection = self._transaction, None, None
                if transaction is not None:
                    await transaction.__aexit__(None, None, None)
        except Violation as violation:
            await self.rollback()
            raise await self.explain(violation) from violation
        self.writes.clear()
        self._sent = (0, 0, 0)
        if recorded:
            self.recorder.committed()
        afterwards, self._afterwards = self._afterwards, []
        for work in afterwards:
            work()

    async def explain(self, violation: Violation) -> Exception:
        """The feature's error for a violated constraint, or the violation itself, which is a bug."""
        explain = self._translations.get(violation.constraint)
        return violation if explain is None else await explain()

    async def rollback(self) -> None:
        """Drop everything."""
        self.writes.clear()
        self._facts, self._notes, self._afterwards = [], [], []
        self._sent = (0, 0, 0)
        transaction, self._transaction, self._connection = self._transaction, None, None
        if transaction is not None:
            await transaction.__aexit__(_RolledBack, _RolledBack(), None)

    async def _begin(self) -> TransactionConnection:
        if self._connection is None:
            transaction = self.database.transaction()
            self._connection = await transaction.__aenter__()
            self._transaction = transaction
        return self._connection

    async def _send(self, connection: TransactionConnection) -> None:
        try:
            await connection.send(self.writes)
        except Violation as violation:
            await self.rollback()
            raise await self.explain(violation) from violation
        self._settle()

    def _settle(self) -> None:
        self.writes.clear()
        self._sent = (len(self._facts), len(self._notes), len(self._afterwards))


class _RolledBack(Exception):
    """Tells the driver's context manager to roll back."""
