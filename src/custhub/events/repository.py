"""The only writer of positions: the outbox inside one transaction of its one relay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String, bindparam, delete, update

from custhub.events.checksum import State
from custhub.events.models import (
    HEAD_ID,
    EpochRow,
    HeadRow,
    SubjectRow,
    event_epochs,
    event_head,
    event_states,
    event_subjects,
)
from custhub.events.outbox import EventRow, events
from custhub.events.queries import HEAD, STATES, SUBJECTS, TRY_LOCK
from custhub.kit.commands import Command, RowsCommand
from custhub.kit.db import Database, EngineName, Id, Row, TransactionConnection
from custhub.kit.query import any_of
from custhub.kit.writes import LostRace, WriteSet

_h = event_head.c
_PLACE = RowsCommand(
    lambda value: (
        update(events).where(events.c.id == value("event_id")).values(epoch=value("epoch"), position=value("position"))
    ),
    event_id=Id(),
    epoch=Integer(),
    position=BigInteger(),
)
_CHANGE_SUBJECTS = RowsCommand(
    lambda value: (
        update(event_subjects)
        .where(event_subjects.c.subject_id == value("of_id"), event_subjects.c.subject_type == value("of_type"))
        .values(revision=value("revision"), position=value("position"), gone=value("gone"))
    ),
    of_id=Id(),
    of_type=String(40),
    revision=Integer(),
    position=BigInteger(),
    gone=Boolean(),
)
_CHANGE_STATES = RowsCommand(
    lambda value: (
        update(event_states)
        .where(event_states.c.subject_type == value("of_type"))
        .values(live=value("live"), checksum=value("checksum"))
    ),
    of_type=String(40),
    live=BigInteger(),
    checksum=LargeBinary(32),
)
_MOVE_HEAD = Command(
    update(event_head)
    .where(_h.id == HEAD_ID, _h.epoch == bindparam("of_epoch"), _h.position == bindparam("old"))
    .values(position=bindparam("new"))
)
_MOVE_COMPACTED = Command(
    update(event_head).where(_h.id == HEAD_ID, _h.compacted == bindparam("old")).values(compacted=bindparam("new"))
)
_DELETE = Command(delete(events).where(any_of(events.c.id, "ids")))


class Outbox:
    """Queries read in its transaction, too."""

    def __init__(self, database: Database, connection: TransactionConnection) -> None:
        self.name: EngineName = database.name
        self.dialect = database.dialect
        self.connection = connection
        self._database = database

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Read in this transaction."""
        return await self.connection.fetch(sql, values)

    async def head(self) -> HeadRow:
        """Where the feed is."""
        found = await HEAD.first(self)
        if found is None:
            raise RuntimeError("the row of event_head is missing")
        return found

    async def subjects(self, ids: Iterable[UUID]) -> dict[tuple[UUID, str], SubjectRow]:
        """What is known of these subjects."""
        return {row[:2]: row for row in await SUBJECTS.all(self, ids=list(ids))}

    async def states(self) -> dict[str, State]:
        """The state of each type."""
        return {
            row.subject_type: State(row.live, int.from_bytes(row.checksum, "big")) for row in await STATES.all(self)
        }

    async def place(self, rows: Sequence[EventRow]) -> None:
        """Give these events their positions."""
        placed = [{"event_id": row.id, "epoch": row.epoch, "position": row.position} for row in rows]
        await _PLACE.run(self._database, self.connection, placed)

    async def save_subjects(self, new: Sequence[SubjectRow], changed: Sequence[SubjectRow]) -> None:
        """Store the last events of subjects."""
        writes = WriteSet()
        writes.insert_all(event_subjects, [row._asdict() for row in new])
        await self.connection.send(writes)
        values = [
            {
                "of_id": row.subject_id,
                "of_type": row.subject_type,
                "revision": row.revision,
                "position": row.position,
                "gone": row.gone,
            }
            for row in changed
        ]
        await _CHANGE_SUBJECTS.run(self._database, self.connection, values)

    async def save_states(self, new: Mapping[str, State], changed: Mapping[str, State]) -> None:
        """Store the states of types."""
        writes = WriteSet()
        writes.insert_all(
            event_states,
            [{"subject_type": t, "live": state.live, "checksum": state.to_bytes()} for t, state in new.items()],
        )
        await self.connection.send(writes)
        values = [{"of_type": t, "live": state.live, "checksum": state.to_bytes()} for t, state in changed.items()]
        await _CHANGE_STATES.run(self._database, self.connection, values)

    async def move_head(self, head: HeadRow, position: int) -> None:
        """Let the feed end there. Raises LostRace when it does not end where `head` says."""
        moved = await _MOVE_HEAD.run(
            self._database, self.connection, of_epoch=head.epoch, old=head.position, new=position
        )
        if moved != 1:
            raise LostRace

    async def compact(self, head: HeadRow, upto: int, ids: Sequence[UUID]) -> None:
        """Remove these events; up to `upto` only last ones are left. Raises LostRace when another process did it."""
        moved = await _MOVE_COMPACTED.run(self._database, self.connection, old=head.compacted, new=upto)
        if moved != 1:
            raise LostRace
        if ids:
            await _DELETE.run(self._database, self.connection, ids=list(ids))


@asynccontextmanager
async def the_one_relay(database: Database) -> AsyncIterator[Outbox | None]:
    """A transaction that alone may give positions; None while another process has it."""
    async with database.transaction() as connection:
        outbox = Outbox(database, connection)
        # On SQLite the writer's own lock is enough: one process, one writer.
        held = database.name == "sqlite" or bool(await TRY_LOCK.first(outbox))
        yield outbox if held else None


def add_epoch(writes: WriteSet, head: HeadRow, row: EpochRow) -> None:
    """Begin another life of the feed: cursors of the one before are refused (E-7)."""
    key = {"id": head.id, "epoch": head.epoch, "position": head.position}
    writes.update(event_head, key, {"epoch": row.epoch}, guard=True)
    writes.insert(event_epochs, row._asdict())
