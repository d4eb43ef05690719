"""The only writer of messages and suppressed addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from custhub.features.messages.models import MessageRow, message_suppressions, messages
from custhub.kit.commands import Command, Returning
from custhub.kit.db import Database, TransactionConnection
from custhub.kit.purge import Purge
from custhub.kit.uow import UnitOfWork

_m, _s = messages.c, message_suppressions.c
_QUEUED: Final[ColumnElement[bool]] = literal_column("messages.state = 'queued'")

#: The log after its time.
OLD_MESSAGES: Final = Purge(messages, _m.finished_at)


def _given(name: str, column: str) -> Any:
    return bindparam(name, type_=_m[column].type)


def _due() -> Select[Any]:
    # What a rival has in hand is skipped; the embedded database has one writer and needs no lock.
    return (
        select(_m.id)
        .where(
            _QUEUED,
            _m.channel == _given("of_channel", "channel"),
            _m.next_attempt_at <= _given("now", "next_attempt_at"),
        )
        .order_by(_m.next_attempt_at)
        .limit(bindparam("rows"))
        .with_for_update(skip_locked=True)
    )


_RESERVE = Returning(
    # The members are found first: as a join they would be looked for, and locked, anew for each row.
    update(messages)
    .where(_m.id.in_(select(_due().cte("due").prefix_with("MATERIALIZED", dialect="postgresql").c.id)))
    .values(attempt_id=_given("token", "attempt_id"), next_attempt_at=_given("until", "next_attempt_at"))
    .returning(*messages.columns),
    MessageRow._make,
)
_BEGIN = Command(
    update(messages)
    .where(_m.id == _given("of_id", "id"), _m.attempt_id == _given("token", "attempt_id"), _QUEUED)
    .values(
        state=literal_column("'sending'"),
        attempts=_m.attempts + 1,
        lease_until=_given("until", "lease_until"),
        next_attempt_at=null(),
        updated_at=_given("at", "updated_at"),
        revision=_m.revision + 1,
    )
)
_RELEASE_ALL = Command(
    update(messages)
    .where(_QUEUED, _m.attempt_id.is_not(None))
    .values(next_attempt_at=_given("now", "next_attempt_at"), attempt_id=null())
)


def _suppress(insert: Any) -> Command:
    values = {column.name: bindparam(f"v_{column.name}", type_=column.type) for column in _s}
    return Command(insert(message_suppressions).values(values).on_conflict_do_nothing())


_SUPPRESS: Final = {"postgresql": _suppress(postgresql.insert), "sqlite": _suppress(sqlite.insert)}


async def reserve(
    database: Database,
    connection: TransactionConnection,
    channel: str,
    token: UUID,
    now: datetime,
    until: datetime,
    rows: int,
) -> list[MessageRow]:
    """Messages that are due, for this process alone until `until`."""
    found = await _RESERVE.run(database, connection, of_channel=channel, token=token, now=now, until=until, rows=rows)
    return sorted(found, key=lambda row: row.id)


async def begin(
    database: Database, connection: TransactionConnection, row: MessageRow, until: datetime, at: datetime
) -> bool:
    """Go over to `sending`; False when the reservation is not ours any more, or the message is gone."""
    return await _BEGIN.run(database, connection, of_id=row.id, token=row.attempt_id, until=until, at=at) == 1


async def release_all(database: Database, connection: TransactionConnection, now: datetime) -> None:
    """Give back what a former process had reserved."""
    await _RELEASE_ALL.run(database, connection, now=now)


async def suppress(
    database: Database,
    connection: TransactionConnection,
    hashes: Mapping[int, bytes],
    channel: str,
    reason: str,
    now: datetime,
) -> None:
    """Never write to the address with these hashes again; known already is fine."""
    for kid, digest in hashes.items():
        await _SUPPRESS[database.name].run(
            database, connection, v_kid=kid, v_hash=digest, v_channel=channel, v_reason=reason, v_created_at=now
        )


def lift(uow: UnitOfWork, hashes: Mapping[int, bytes]) -> None:
    """Let others write there again."""
    for kid, digest in hashes.items():
        uow.delete(message_suppressions, {"kid": kid, "hash": digest})


class MessageRepository:
    """Messages in a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, rows: Sequence[MessageRow]) -> None:
        """New messages."""
        for row in rows:
            self._uow.insert(messages, row)

    def change(self, row: MessageRow, values: Mapping[str, Any]) -> MessageRow:
        """Change a message that still stands as `row` says, in state and attempt; else the unit of work is lost."""
        key = {"id": row.id, "state": row.state, "revision": row.revision}
        if row.attempt_id is not None:
            key["attempt_id"] = row.attempt_id
        new = row._replace(**values, updated_at=self._uow.now, revision=row.revision + 1)
        self._uow.update(messages, key, {**values, "updated_at": new.updated_at, "revision": new.revision}, guard=True)
        return new

    def reseal_all(self, values: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Other customers' from now on, by id, sealed under their keys."""
        self._uow.writes.update_all(messages, [({"id": row_id}, new) for row_id, new in values.items()])

    def remove_of(self, customer_id: UUID) -> None:
        """Every message to a customer goes."""
        self._uow.delete(messages, {"customer_id": customer_id})
