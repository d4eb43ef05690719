"""Tables of messages, and of the addresses that nobody writes to any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    literal_column,
)

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, metadata
from custhub.kit.query import REACH

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("channel", String(8), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("category", String(16), nullable=False),
    Column("language", String(2), nullable=False),
    Column("purpose", String(40)),
    # None: to somebody who is no customer. The values of a customer are sealed under its own key.
    Column("customer_id", Id, ForeignKey("customers.id")),
    Column("recipient", SealedColumn, nullable=False),
    # Gone as soon as nothing will be sent any more.
    Column("content", SealedColumn),
    Column("state", String(10), nullable=False),
    Column("error", String(40)),
    Column("provider_status", Integer),
    # Message-ID or idempotency key: the same for every attempt.
    Column("provider_key", String(200), nullable=False),
    Column("provider_id", String(200)),
    Column("duplicate_ok", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempt_id", Id),
    Column("lease_until", Instant),
    # While queued. Who takes it up moves this ahead, and so keeps others away until then.
    Column("next_attempt_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("delivered_at", Instant),
    Column("finished_at", Instant),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
_m = messages.c


def _partial(name: str, condition: str, *columns: Column[Any]) -> None:
    where: ColumnElement[bool] = literal_column(condition)
    Index(name, *columns, postgresql_where=where, sqlite_where=where)


_partial("ix_messages_due", "state = 'queued'", _m.channel, _m.next_attempt_at)
_partial("ix_messages_sending", "state = 'sending'", _m.lease_until)
_partial("ix_messages_customer", "customer_id IS NOT NULL", _m.customer_id, _m.id)
_partial("ix_messages_provider", "provider_id IS NOT NULL", _m.channel, _m.provider_id)
_partial("ix_messages_finished", "finished_at IS NOT NULL", _m.finished_at)
Index("ix_messages_state", _m.state, _m.id)
Index("ix_messages_kind", _m.kind, _m.id)
Index("ix_messages_channel", _m.channel, _m.id)
Index("ix_messages_created", _m.created_at, _m.id)

#: Hashes of addresses that refused for good or complained, under each live `suppress` key (M-3, S-85).
message_suppressions = Table(
    "message_suppressions",
    metadata,
    Column("kid", Integer, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("reason", String(12), nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("kid", "hash"),
)


class MessageRow(NamedTuple):
    """A row of messages."""

    id: UUID
    channel: str
    kind: str
    category: str
    language: str
    purpose: str | None
    customer_id: UUID | None
    recipient: Sealed
    content: Sealed | None
    state: str
    error: str | None
    provider_status: int | None
    provider_key: str
    provider_id: str | None
    duplicate_ok: bool
    attempts: int
    attempt_id: UUID | None
    lease_until: datetime | None
    next_attempt_at: datetime | None
    expires_at: datetime
    request_id: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    finished_at: datetime | None
    revision: int
