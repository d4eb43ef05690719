"""Tables of plans that join many."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table

from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import CONCLUDED, REACH

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
