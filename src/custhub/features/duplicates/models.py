"""Tables of pairs, of the scans that found them, of settings and of plans that join many."""

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
    PrimaryKeyConstraint,
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


bulk_merges = Table(
    "bulk_merges",
    metadata,
    # That of its job.
    Column("id", Id, primary_key=True),
    Column("trigger", String(10), nullable=False),
    Column("threshold", Integer, nullable=False),
    Column("is_dry_run", Boolean, nullable=False),
    Column("model_version", String(40), nullable=False),
    # Rights of who started it, and of who undoes it, at that moment.
    Column("access", Json, nullable=False),
    Column("actor_id", Id),
    # The plan: customers looked at, groups to join and customers in them, the largest group, groups left to people.
    Column("customers", BigInteger, nullable=False),
    Column("groups", BigInteger, nullable=False),
    Column("grouped", BigInteger, nullable=False),
    Column("largest", Integer, nullable=False),
    Column("withheld", BigInteger, nullable=False),
    Column("planned_at", Instant),
    # What came of it.
    Column("merged", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("finished_at", Instant),
    Column("undo_job_id", Id),
    Column("undo_access", Json),
    Column("undone", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("undone_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_bulk_merges_actor", bulk_merges.c.actor_id, bulk_merges.c.id)
Index("ix_bulk_merges_created", bulk_merges.c.created_at)


class BulkMergeRow(NamedTuple):
    """A row of bulk_merges."""

    id: UUID
    trigger: str
    threshold: int
    is_dry_run: bool
    model_version: str
    access: Any
    actor_id: UUID | None
    customers: int
    groups: int
    grouped: int
    largest: int
    withheld: int
    planned_at: datetime | None
    merged: int
    refused: int
    finished_at: datetime | None
    undo_job_id: UUID | None
    undo_access: Any
    undone: int
    kept: int
    undone_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


bulk_merge_groups = Table(
    "bulk_merge_groups",
    metadata,
    Column("bulk_merge_id", Id, ForeignKey("bulk_merges.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("state", String(8), nullable=False),
    Column("error", String(60)),
    Column("merge_id", Id),
    PrimaryKeyConstraint("bulk_merge_id", "place"),
)
Index("ix_bulk_merge_groups_state", bulk_merge_groups.c.bulk_merge_id, bulk_merge_groups.c.state)

bulk_merge_members = Table(
    "bulk_merge_members",
    metadata,
    Column("bulk_merge_id", Id, ForeignKey("bulk_merges.id", ondelete="CASCADE"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    # That was compared: whoever has another one since is joined with nobody.
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("bulk_merge_id", "place", "customer_id"),
    info={REACH: "customer_id", CONCLUDED: True},
)
Index("ix_bulk_merge_members_customer", bulk_merge_members.c.customer_id)


class GroupRow(NamedTuple):
    """A row of bulk_merge_groups."""

    bulk_merge_id: UUID
    place: int
    state: str
    error: str | None
    merge_id: UUID | None


class MemberRow(NamedTuple):
    """A row of bulk_merge_members."""

    bulk_merge_id: UUID
    place: int
    customer_id: UUID
    revision: int
