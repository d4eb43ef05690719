"""Tables of findings, of scans and what they count, of verification."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, literal_column

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Day, Id, Instant, Json, metadata
from custhub.kit.query import CONCLUDED, REACH

findings = Table(
    "findings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("field", String(60), nullable=False),
    # The id of a phone, e-mail or address, or the name of a consent; empty where it is about the member as a whole.
    Column("part", String(60), nullable=False),
    Column("source", String(40), nullable=False),
    Column("severity", String(6), nullable=False),
    Column("fix", String(12)),
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
findings.info[CONCLUDED] = literal_column("findings.source = 'scan'")
Index("ix_findings_customer", _f.customer_id, _f.id)
Index("ix_findings_state", _f.state, _f.id)
Index("ix_findings_kind", _f.kind, _f.state, _f.id)
Index("ix_findings_decided", _f.decided_at)
OPEN_FINDING = "uq_findings_open"
Index(
    OPEN_FINDING,
    _f.customer_id,
    _f.kind,
    _f.field,
    _f.part,
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
    part: str
    source: str
    severity: str
    fix: str | None
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


quality_scans = Table(
    "quality_scans",
    metadata,
    # That of its job.
    Column("id", Id, primary_key=True),
    Column("trigger", String(10), nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("resolved", BigInteger, nullable=False),
    # What the figures of the day are made of, as far as it has come.
    Column("tally", Json, nullable=False),
    Column("finished_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_quality_scans_created", quality_scans.c.created_at)

quality_figures = Table(
    "quality_figures",
    metadata,
    Column("day", Day, primary_key=True),
    Column("scan_id", Id, nullable=False),
    Column("taken_at", Instant, nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("phones", BigInteger, nullable=False),
    Column("phones_verified", BigInteger, nullable=False),
    # Customers by completeness: below 10, below 20 and so on, and the sum of all scores.
    Column("completeness", Json, nullable=False),
    Column("completeness_sum", BigInteger, nullable=False),
    # {kind: {state: count}}.
    Column("findings", Json, nullable=False),
)
Index("ix_quality_figures_taken", quality_figures.c.taken_at)

verification_policy = Table(
    "verification_policy",
    metadata,
    # The one row there is.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("default_interval", String(10), nullable=False),
    # {stage: {"interval": ..., "required_fields": [...]}}.
    Column("stages", Json, nullable=False),
    Column("updated_by", String(80)),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)

verifications = Table(
    "verifications",
    metadata,
    Column("customer_id", Id, ForeignKey("customers.id"), primary_key=True),
    # No foreign key: a number that goes leaves the queue with the next scan.
    Column("phone_id", Id, nullable=False),
    # 0 to 100, the least certain first.
    Column("certainty", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_result", String(20)),
    Column("last_at", Instant),
    Column("claimed_by", String(80)),
    Column("claimed_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id", CONCLUDED: True},
)
Index("ix_verifications_order", verifications.c.certainty, verifications.c.due_at, verifications.c.customer_id)
Index("ix_verifications_claimed", verifications.c.claimed_by)


class ScanRow(NamedTuple):
    """A row of quality_scans; `tally` is what `quality.rules.tally` adds up."""

    id: UUID
    trigger: str
    customers: int
    opened: int
    resolved: int
    tally: Any
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class FiguresRow(NamedTuple):
    """A row of quality_figures: how good the data was on a day."""

    day: date
    scan_id: UUID
    taken_at: datetime
    customers: int
    phones: int
    phones_verified: int
    completeness: Any
    completeness_sum: int
    findings: Any


class PolicyRow(NamedTuple):
    """The row of verification_policy."""

    id: int
    default_interval: str
    stages: Any
    updated_by: str | None
    updated_at: datetime
    revision: int


class VerificationRow(NamedTuple):
    """A row of verifications: a customer who is to be called, and who has undertaken to."""

    customer_id: UUID
    phone_id: UUID
    certainty: int
    due_at: datetime
    attempts: int
    last_result: str | None
    last_at: datetime | None
    claimed_by: str | None
    claimed_until: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int
