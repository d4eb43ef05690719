"""The outbox: events are rows of the unit of work that caused them (RELIABILITY E-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnClause, Index, Integer, String, Table, literal_column

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
    Column("bulk_id", Id),
)
#: Where rows of events go, for whoever stores them in another way.
EVENTS = str(events.name)
_e = events.c
#: One condition per lane (E-8); statements that want the index of a lane repeat it word for word.
NORMAL_LANE: ColumnClause[bool] = literal_column("position IS NULL AND bulk_id IS NULL")
BULK_LANE: ColumnClause[bool] = literal_column("position IS NULL AND bulk_id IS NOT NULL")
_PLACED: ColumnClause[bool] = literal_column("position IS NOT NULL")
# The relay asks for rows without a position; those that have one leave its index and enter those of the feed.
Index("ix_events_unassigned", _e.id, postgresql_where=NORMAL_LANE, sqlite_where=NORMAL_LANE)
Index("ix_events_unassigned_bulk", _e.id, postgresql_where=BULK_LANE, sqlite_where=BULK_LANE)
Index("uq_events_position", _e.position, unique=True, postgresql_where=_PLACED, sqlite_where=_PLACED)
Index("ix_events_type", _e.type, _e.position, postgresql_where=_PLACED, sqlite_where=_PLACED)
Index("ix_events_subject", _e.subject_id)
Index("ix_events_customer", _e.customer_id)


class EventRow(NamedTuple):
    """A row of events; epoch and position come from the relay. `bulk_id` is the job that caused it with many others."""

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
    bulk_id: UUID | None = None


def record_events(uow: UnitOfWork, facts: Sequence[Fact]) -> None:
    """Add the rows of these facts to the unit of work."""
    for fact in facts:
        uow.insert(events, event_of(uow, fact))


def event_of(uow: UnitOfWork, fact: Fact) -> EventRow:
    """The row of a fact."""
    subject_type, subject_id, revision = fact.subject
    actor = uow.actor
    return EventRow(
        new_id(), fact.type, fact.schema_version, uow.now, subject_type, subject_id, revision, fact.customer_id,
        actor.kind, actor.id, uow.request_id, fact.data(), None, None, uow.bulk_id,
    )  # fmt: skip
