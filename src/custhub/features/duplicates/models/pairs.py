"""Tables of pairs, of the scans that found them and of settings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    literal_column,
)

from custhub.kit.db import Day, Id, Instant, Json, metadata
from custhub.kit.query import CONCLUDED, REACH

duplicates = Table(
    "duplicates",
    metadata,
    Column("id", Id, primary_key=True),
    # The smaller id stands left.
    Column("left_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("right_id", Id, ForeignKey("customers.id"), nullable=False),
    # Revisions of the two that were compared.
    Column("left_revision", Integer, nullable=False),
    Column("right_revision", Integer, nullable=False),
    # The scan that saw the pair last.
    Column("scan_id", Id, nullable=False),
    Column("model_version", String(40), nullable=False),
    # Thousandths of a bit.
    Column("total", Integer, nullable=False),
    Column("has_contradiction", Boolean, nullable=False),
    Column("suggested", String(8), nullable=False),
    # Numbers and levels, no values: {"prior", "household", "fields": [[field, level, bits, count]], ...}.
    Column("evidence", Json, nullable=False),
    Column("cluster_id", Id),
    Column("state", String(8), nullable=False),
    Column("decision", String(8)),
    Column("reason", String(20)),
    Column("decided_by", String(80)),
    Column("decided_at", Instant),
    Column("later_until", Day),
    Column("merge_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("left_id", "right_id", name="uq_duplicates_pair"),
    # What a person decided says more than what the hub concluded.
    info={REACH: "left_id", CONCLUDED: literal_column("duplicates.decision IS NULL")},
)
_d = duplicates.c
Index("ix_duplicates_state", _d.state, _d.total, _d.id)
Index("ix_duplicates_right", _d.right_id)
Index("ix_duplicates_cluster", _d.cluster_id)
Index("ix_duplicates_scan", _d.scan_id, _d.state)
Index("ix_duplicates_merge", _d.merge_id)
Index("ix_duplicates_updated", _d.updated_at)


class DuplicateRow(NamedTuple):
    """A row of duplicates."""

    id: UUID
    left_id: UUID
    right_id: UUID
    left_revision: int
    right_revision: int
    scan_id: UUID
    model_version: str
    total: int
    has_contradiction: bool
    suggested: str
    evidence: Any
    cluster_id: UUID | None
    state: str
    decision: str | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None
    later_until: date | None
    merge_id: UUID | None
    created_at: datetime
    updated_at: datetime
    revision: int


duplicate_scans = Table(
    "duplicate_scans",
    metadata,
    # That of its job.
    Column("id", Id, primary_key=True),
    Column("trigger", String(10), nullable=False),
    Column("model_version", String(40), nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("pairs", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("retired", BigInteger, nullable=False),
    # Groups that would be joined by themselves, and customers in them.
    Column("clusters", BigInteger, nullable=False),
    Column("clustered", BigInteger, nullable=False),
    Column("finished_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_duplicate_scans_created", duplicate_scans.c.created_at)


class DuplicateScanRow(NamedTuple):
    """A row of duplicate_scans."""

    id: UUID
    trigger: str
    model_version: str
    customers: int
    pairs: int
    opened: int
    retired: int
    clusters: int
    clustered: int
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


duplicate_settings = Table(
    "duplicate_settings",
    metadata,
    # The one row there is.
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Thousandths of a bit.
    Column("review", Integer, nullable=False),
    Column("merge", Integer, nullable=False),
    Column("auto_merge", Boolean, nullable=False),
    Column("daily_scan", Boolean, nullable=False),
    Column("updated_by", String(80)),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)


class SettingsRow(NamedTuple):
    """The row of duplicate_settings."""

    id: int
    review: int
    merge: int
    auto_merge: bool
    daily_scan: bool
    updated_by: str | None
    updated_at: datetime
    revision: int
