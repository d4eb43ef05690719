"""The outbox: events are rows of the unit of work that caused them (RELIABILITY E-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, literal_column

from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.ids import new_id
from custhub.kit.uow import Fact, UnitOfWork

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("type", String(80), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("subject_type", String(40), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("subject_revision", Integer, nullable=False),
    Column("customer_id", Id),
    Column("actor_kind", String(12), nullable=False),
    Column("actor_id", Id),
    Column("request_id", String(64), nullable=False),
    Column("data", Json, nullable=False),
    Column("epoch", Integer),
    Column("position", BigInteger),
)
# The relay asks for rows without a position; those that have one leave this index.
Index("ix_events_unassigned", events.c.id, postgresql_where=literal_column("position IS NULL"),
      sqlite_where=literal_column("position IS NULL"))  # fmt: skip
Index("uq_events_position", events.c.epoch, events.c.position, unique=True)
Index("ix_events_subject", events.c.subject_id)
Index("ix_events_customer", events.c.customer_id)


class EventRow(NamedTuple):
    """A row of events; epoch and position come from the relay."""

    id: UUID
    type: str
    schema_version: int
    occurred_at: datetime
    subject_type: str
    subject_id: UUID
    subject_revision: int
    customer_id: UUID | None
    actor_kind: str
    actor_id: UUID | None
    request_id: str
    data: Any
    epoch: int | None = None
    position: int | None = None


def record_events(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Add the rows of these facts to the unit of work."""
    for fact in facts:
        subject_type, subject_id, revision = fact.subject
        row = EventRow(
            id=new_id(),
            type=fact.type,
            schema_version=fact.schema_version,
            occurred_at=uow.now,
            subject_type=subject_type,
            subject_id=subject_id,
            subject_revision=revision,
            customer_id=fact.customer_id,
            actor_kind=uow.actor.kind,
            actor_id=uow.actor.id,
            request_id=uow.request_id,
            data=fact.data(),
        )
        uow.insert(events, row)
