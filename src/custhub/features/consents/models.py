"""Tables of consents: the ledger, which triggers keep from being changed, and what it comes down to now."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKey, Index, PrimaryKeyConstraint, String, Table

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, metadata
from custhub.kit.query import REACH

CONSENT_STATE = "pk_consent_states"

#: Append-only. Nothing personal stands in clear: evidence and guardian are sealed and go with the customer's key.
consent_entries = Table(
    "consent_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("channel", String(12), nullable=False),
    Column("status", String(10), nullable=False),
    Column("legal_basis", String(20), nullable=False),
    Column("notice_version", String(40)),
    Column("separate", Boolean, nullable=False),
    Column("captured_at", Instant, nullable=False),
    Column("source", String(40), nullable=False),
    Column("method", String(16), nullable=False),
    Column("evidence", SealedColumn),
    Column("guardian", SealedColumn),
    Column("recorded_by", String(40), nullable=False),
    Column("created_at", Instant, nullable=False),
    info={REACH: "customer_id"},
)
_e = consent_entries.c
Index("ix_consent_entries_customer", _e.customer_id, _e.id)

#: The last entry of each purpose and channel, for whoever has to know now.
consent_states = Table(
    "consent_states",
    metadata,
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("purpose", String(40), nullable=False),
    Column("channel", String(12), nullable=False),
    Column("status", String(10), nullable=False),
    Column("captured_at", Instant, nullable=False),
    # Deferred: a guarded change of a state is sent before the entry that it names.
    Column("entry_id", Id, ForeignKey("consent_entries.id", deferrable=True, initially="DEFERRED"), nullable=False),
    PrimaryKeyConstraint("customer_id", "purpose", "channel", name=CONSENT_STATE),
    info={REACH: "customer_id"},
)
Index("ix_consent_states_purpose", consent_states.c.purpose, consent_states.c.channel, consent_states.c.status)


class ConsentRow(NamedTuple):
    """A row of consent_entries."""

    id: UUID
    customer_id: UUID
    purpose: str
    channel: str
    status: str
    legal_basis: str
    notice_version: str | None
    separate: bool
    captured_at: datetime
    source: str
    method: str
    evidence: Sealed | None
    guardian: Sealed | None
    recorded_by: str
    created_at: datetime


class ConsentStateRow(NamedTuple):
    """A row of consent_states."""

    customer_id: UUID
    purpose: str
    channel: str
    status: str
    captured_at: datetime
    entry_id: UUID
