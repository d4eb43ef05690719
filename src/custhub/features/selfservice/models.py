"""Tables of self-service: links, and new numbers and addresses that wait for proof."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, literal_column

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import REACH

self_service_links = Table(
    "self_service_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("fields", Json, nullable=False),
    Column("locale", String(2)),
    Column("sent_by", String(8)),
    # The message that reminds; its gate asks here whether it is still wanted.
    Column("reminder_id", Id),
    Column("remind_at", Instant),
    Column("state", String(8), nullable=False),
    # Names of fields: what was changed, and what was given but is not proven.
    Column("changed", Json, nullable=False),
    Column("unproven", Json, nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
_l = self_service_links.c
Index("ix_self_service_links_customer", _l.customer_id, _l.id)
Index("ix_self_service_links_created", _l.created_at)
Index(
    "ix_self_service_links_reminder",
    _l.reminder_id,
    postgresql_where=literal_column("reminder_id IS NOT NULL"),
    sqlite_where=literal_column("reminder_id IS NOT NULL"),
)

self_service_changes = Table(
    "self_service_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("link_id", Id, ForeignKey("self_service_links.id"), nullable=False),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("field", String(8), nullable=False),
    # Sealed under the customer's key; gone as soon as it waits no more.
    Column("value", SealedColumn),
    # A keyed hash: six digits would be found by trying.
    Column("code_hash", LargeBinary(32), nullable=False),
    Column("code_expires_at", Instant, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("sends", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
_ch = self_service_changes.c
Index("ix_self_service_changes_link", _ch.link_id)
Index("ix_self_service_changes_customer", _ch.customer_id)
Index("ix_self_service_changes_created", _ch.created_at)


class SelfServiceLinkRow(NamedTuple):
    """A row of self_service_links."""

    id: UUID
    customer_id: UUID
    fields: Any
    locale: str | None
    sent_by: str | None
    reminder_id: UUID | None
    remind_at: datetime | None
    state: str
    changed: Any
    unproven: Any
    created_by: str
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class ChangeRow(NamedTuple):
    """A row of self_service_changes."""

    id: UUID
    link_id: UUID
    customer_id: UUID
    field: str
    value: Sealed | None
    code_hash: bytes
    code_expires_at: datetime
    sent_at: datetime
    sends: int
    attempts: int
    state: str
    created_at: datetime
    updated_at: datetime
    revision: int
