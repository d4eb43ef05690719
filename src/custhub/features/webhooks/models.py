"""Tables of webhooks: endpoints with their health and secrets, deliveries with their attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnClause,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", String(2048), nullable=False),
    Column("description", String(200)),
    Column("event_types", Json, nullable=False),
    Column("filter", Json, nullable=False),
    Column("payload", String(8), nullable=False),
    Column("ordering", String(8), nullable=False),
    Column("bulk", String(8), nullable=False),
    # What full bodies are rendered with: scopes and fields of who set the endpoint up (S-67).
    Column("access", Json, nullable=False),
    Column("owner_id", Id, ForeignKey("users.id", ondelete="SET NULL")),
    Column("state", String(8), nullable=False),
    Column("disabled_reason", String(8)),
    Column("disabled_at", Instant),
    # A deleted endpoint stays as long as its log does.
    Column("deleted_at", Instant, index=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_webhook_endpoints_owner_id", webhook_endpoints.c.owner_id)

#: Apart from the endpoint: it changes with every attempt, and the revision of the endpoint does not.
webhook_health = Table(
    "webhook_health",
    metadata,
    Column("endpoint_id", Id, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("failed_at", Instant),
    Column("succeeded_at", Instant),
    Column("probe_at", Instant),
    Column("warned_at", Instant),
    # Number of the last replay.
    Column("replays", Integer, nullable=False),
)

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("endpoint_id", Id, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret", SealedColumn, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("endpoint_id", Id, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False),
    # No foreign key: the log outlives the feed's retention by a moment.
    Column("event_id", Id, nullable=False),
    # 0 for the first delivery, else the number of the replay.
    Column("replay", Integer, nullable=False),
    Column("event_type", String(80), nullable=False),
    Column("subject_type", String(40), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("subject_revision", Integer, nullable=False),
    Column("customer_id", Id),
    Column("position", BigInteger, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    # Of the whole life of the delivery, and of the present run of the schedule.
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_attempt_at", Instant),
    Column("lease_token", Id),
    Column("lease_until", Instant),
    # The exact bytes, kept from the first attempt on (W-1).
    Column("body", LargeBinary),
    Column("last_status", Integer),
    Column("last_error", String(24)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("finished_at", Instant),
    UniqueConstraint("event_id", "endpoint_id", "replay"),
)
_d = webhook_deliveries.c
#: Word for word in the statements that want these indexes.
LIVE_DUE: ColumnClause[bool] = literal_column("webhook_deliveries.state = 'pending' AND webhook_deliveries.replay = 0")
REPLAY_DUE: ColumnClause[bool] = literal_column(
    "webhook_deliveries.state = 'pending' AND webhook_deliveries.replay > 0"
)
SENDING: ColumnClause[bool] = literal_column("webhook_deliveries.state = 'sending'")


def _partial(name: str, condition: str, *columns: Column[Any]) -> None:
    where: ColumnClause[bool] = literal_column(condition)
    Index(name, *columns, postgresql_where=where, sqlite_where=where)


_partial("ix_webhook_deliveries_live", "state = 'pending' AND replay = 0", _d.endpoint_id, _d.next_attempt_at,
         _d.position)  # fmt: skip
_partial("ix_webhook_deliveries_replay", "state = 'pending' AND replay > 0", _d.endpoint_id, _d.next_attempt_at,
         _d.position)  # fmt: skip
_partial("ix_webhook_deliveries_sending", "state = 'sending'", _d.endpoint_id, _d.lease_until)
_partial("ix_webhook_deliveries_open", "state IN ('pending', 'sending')", _d.endpoint_id, _d.subject_id, _d.position)
_partial("ix_webhook_deliveries_customer", "customer_id IS NOT NULL", _d.customer_id)
Index("ix_webhook_deliveries_created", _d.created_at, _d.id)
Index("ix_webhook_deliveries_endpoint", _d.endpoint_id, _d.created_at, _d.id)
Index("ix_webhook_deliveries_state", _d.state, _d.created_at, _d.id)
Index("ix_webhook_deliveries_type", _d.event_type, _d.created_at, _d.id)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery_id", Id, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("duration_ms", Integer),
    Column("status", Integer),
    Column("error", String(24)),
    Column("address", String(45)),
    Column("excerpt", Text),
    Column("is_withheld", Boolean, nullable=False),
    PrimaryKeyConstraint("delivery_id", "number"),
)


class EndpointRow(NamedTuple):
    """A row of webhook_endpoints."""

    id: UUID
    url: str
    description: str | None
    event_types: list[str]
    filter: dict[str, Any]
    payload: str
    ordering: str
    bulk: str
    access: dict[str, Any]
    owner_id: UUID | None
    state: str
    disabled_reason: str | None
    disabled_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class HealthRow(NamedTuple):
    """A row of webhook_health."""

    endpoint_id: UUID
    failures: int
    failing_since: datetime | None
    failed_at: datetime | None
    succeeded_at: datetime | None
    probe_at: datetime | None
    warned_at: datetime | None
    replays: int


class SecretRow(NamedTuple):
    """A row of webhook_secrets."""

    id: UUID
    endpoint_id: UUID
    secret: Sealed
    created_at: datetime
    expires_at: datetime | None


class DeliveryRow(NamedTuple):
    """A row of webhook_deliveries."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    replay: int
    event_type: str
    subject_type: str
    subject_id: UUID
    subject_revision: int
    customer_id: UUID | None
    position: int
    occurred_at: datetime
    state: str
    attempts: int
    tries: int
    next_attempt_at: datetime | None
    lease_token: UUID | None
    lease_until: datetime | None
    body: bytes | None
    last_status: int | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class AttemptRow(NamedTuple):
    """A row of webhook_attempts."""

    delivery_id: UUID
    number: int
    at: datetime
    duration_ms: int | None
    status: int | None
    error: str | None
    address: str | None
    excerpt: str | None
    is_withheld: bool
