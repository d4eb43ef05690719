"""Fills an audit log for tests, and breaks into it as somebody with the database's password would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from custhub.features.audit.models import AuditEntry, audit_entries
from custhub.features.audit.repository import guard_of
from custhub.features.audit.rules import link_hash
from custhub.features.audit.service import AuditLog, AuditWriter
from custhub.kit.ids import new_id
from custhub.kit.uow import Actor, Note
from custhub.kit.writes import WriteSet
from tests.hub import HubUnderTest

TABLES = ("audit_entries", "audit_chain", "audit_checkpoints", "audit_cuts")
WHO = Actor("user", UUID("00000000-0000-7000-8000-0000000000aa"), "front-end")
SOMEBODY = UUID("00000000-0000-7000-8000-0000000000c1")


def note(action: str = "customer.updated", **more: Any) -> Note:
    """A note about a customer; `more` wins."""
    members: dict[str, Any] = {"object_type": "customer", "object_id": SOMEBODY, "customer_id": SOMEBODY}
    return Note(action, **{**members, "fields": ["note"], **more})


async def commit(hub: HubUnderTest, *notes: Note, actor: Actor = WHO) -> None:
    """Leave these entries, each in a unit of work of its own."""
    for one in notes or (note(),):
        work = hub.app.hub.unit_of_work(actor, "req-1")
        work.audit(one)
        await work.commit()


def rows_of(hub: HubUnderTest, count: int) -> list[AuditEntry]:
    """Genuine entries, not stored."""
    work = hub.app.hub.unit_of_work(WHO, "req-1")
    AuditWriter(hub.app.keys).write(work, [note() for _ in range(count)])
    (write,) = work.writes.writes
    return [AuditEntry(**row) for row in (write.rows or [write.values])]


async def store(hub: HubUnderTest, rows: Sequence[AuditEntry]) -> None:
    """Put entries into the table in one transaction."""
    async with hub.app.database.transaction() as connection:
        for row in rows:
            writes = WriteSet()
            writes.insert(audit_entries, row._asdict())
            await connection.send(writes)


async def sealed_log(hub: HubUnderTest, count: int = 30, *, checkpoint_at: Sequence[int] = ()) -> AuditLog:
    """A log of `count` sealed entries, signed behind the given seqs."""
    log = hub.app.audit
    done = 0
    for upto in sorted({*checkpoint_at, count}):
        await store(hub, rows_of(hub, upto - done))
        await log.relay.seal_all()
        if upto in checkpoint_at:
            await log.relay.checkpoint()
        done = upto
    return log


class Burglar:
    """Runs statements with the triggers lifted. `?` stands for a value on both engines."""

    def __init__(self, hub: HubUnderTest) -> None:
        self._hub = hub
        self._engine = hub.app.database.name

    async def do(self, *statements: str | tuple[Any, ...]) -> None:
        """All of them in one transaction; the triggers are back afterwards."""
        guards = [guard_of(self._engine, table) for table in TABLES]
        async with self._hub.app.database.transaction() as connection:
            for statement in (statement for guard in guards for statement in guard.drop):
                await connection.execute(statement, ())
            for given in statements:
                sql, *values = (given,) if isinstance(given, str) else given
                await connection.execute(self._text(sql), [self._value(value) for value in values])
            for statement in (statement for guard in guards for statement in guard.create):
                await connection.execute(statement, ())

    async def read(self, sql: str, *values: Any) -> list[Any]:
        """Rows."""
        return await self._hub.rows(self._text(sql), *[self._value(value) for value in values])

    async def link(self, seq: int) -> tuple[Any, bytes, bytes]:
        """Entry id, prev and hash of a link."""
        ((entry_id, prev, own),) = await self.read("SELECT entry_id, prev, hash FROM audit_chain WHERE seq = ?", seq)
        return entry_id, bytes(prev), bytes(own)

    async def renumber(self, first: int, by: int) -> None:
        """Shift the seq of all links from `first` on."""
        far = 1_000_000
        await self.do(
            ("UPDATE audit_chain SET seq = seq + ? WHERE seq >= ?", far, first),
            ("UPDATE audit_chain SET seq = seq - ? WHERE seq >= ?", far - by, far),
        )

    async def forge(self, seq: int, *, prev: bytes | None = None) -> bytes:
        """Put a link at a free seq, with an entry whose mac is made up. Gives its hash."""
        entry_id, mac = new_id(), b"\x05" * 32
        if prev is None:
            prev = (await self.link(seq - 1))[2]
        (template,) = await self.read("SELECT at FROM audit_entries LIMIT 1")
        own = link_hash(prev, mac)
        await self.do(
            (
                "INSERT INTO audit_entries (id, at, actor_kind, request_id, action, object_type, fields, outcome,"
                " mac_kid, mac) VALUES (?, ?, 'user', 'r', 'customer.updated', 'customer', '[]', 'done', 1, ?)",
                entry_id,
                template[0],
                mac,
            ),
            (
                "INSERT INTO audit_chain (seq, entry_id, prev, hash, sealed_at) VALUES (?, ?, ?, ?, ?)",
                seq,
                entry_id,
                prev,
                own,
                template[0],
            ),
        )
        return own

    async def hash_on(self, first: int) -> None:
        """Make all links from `first` on follow each other again, as anybody can: the chain has no key."""
        links = await self.read(
            "SELECT c.seq, e.mac FROM audit_chain c JOIN audit_entries e ON e.id = c.entry_id WHERE c.seq >= ?"
            " ORDER BY c.seq",
            first,
        )
        prev = (await self.link(first - 1))[2]
        for seq, mac in links:
            own = link_hash(prev, bytes(mac))
            await self.do(("UPDATE audit_chain SET prev = ?, hash = ? WHERE seq = ?", prev, own, seq))
            prev = own

    def _text(self, sql: str) -> str:
        if self._engine == "sqlite":
            return sql
        parts = sql.split("?")
        return "".join(part + (f"${i}" if i < len(parts) else "") for i, part in enumerate(parts, 1))

    def _value(self, value: Any) -> Any:
        return value.bytes if isinstance(value, UUID) and self._engine == "sqlite" else value
