"""The table of findings."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, literal_column

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, metadata
from custhub.kit.query import REACH

findings = Table(
    "findings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("field", String(60), nullable=False),
    Column("source", String(40), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("state", String(12), nullable=False),
    # The standing and the proposed value and, once accepted, what was there before: under the customer's key.
    Column("evidence", SealedColumn, nullable=False),
    # A keyed hash of the proposed value: the same one again is the same finding.
    Column("digest", LargeBinary(16), nullable=False),
    Column("times_seen", Integer, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("decided_by", String(80)),
    Column("decided_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
_f = findings.c
Index("ix_findings_customer", _f.customer_id, _f.id)
Index("ix_findings_state", _f.state, _f.id)
OPEN_FINDING = "uq_findings_open"
Index(
    OPEN_FINDING,
    _f.customer_id,
    _f.kind,
    _f.field,
    _f.source,
    unique=True,
    postgresql_where=literal_column("state = 'open'"),
    sqlite_where=literal_column("state = 'open'"),
)


class FindingRow(NamedTuple):
    """A row of findings."""

    id: UUID
    customer_id: UUID
    kind: str
    field: str
    source: str
    reason: str
    state: str
    evidence: Sealed
    digest: bytes
    times_seen: int
    last_seen_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int
