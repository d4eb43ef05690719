"""Tables of merges: what was joined by which plan, and what it takes to undo it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import REACH

merges = Table(
    "merges",
    metadata,
    Column("id", Id, primary_key=True),
    # No foreign keys to customers: who is erased stays named here by id alone.
    Column("survivor_id", Id, nullable=False),
    Column("state", String(8), nullable=False),
    Column("plan_hash", String(64), nullable=False),
    # Values that were chosen and rejected, and a note: sealed under the key of the survivor, gone when it is erased.
    Column("plan", SealedColumn),
    Column("reason", String(20), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("undone_by", String(80)),
    Column("undone_at", Instant),
    # What an undo gave back and what it could not; sealed under the key of the survivor.
    Column("outcome", SealedColumn),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "survivor_id"},
)
Index("ix_merges_survivor", merges.c.survivor_id, merges.c.id)
Index("ix_merges_created", merges.c.created_at, merges.c.id)

merge_members = Table(
    "merge_members",
    metadata,
    Column("merge_id", Id, ForeignKey("merges.id"), nullable=False),
    Column("customer_id", Id, nullable=False),
    # Place in the order in which they were absorbed, from 1; the survivor has 0.
    Column("place", Integer, nullable=False),
    # Of before and after the merge: whoever has another one since was changed by somebody.
    Column("revision_before", Integer, nullable=False),
    Column("revision_after", Integer, nullable=False),
    # As it was before, sealed under its own key; gone when it is erased.
    Column("image", SealedColumn),
    # Table -> {key of a row: what it was before and cannot be read off it any more}; nothing for the survivor.
    Column("moved", Json, nullable=False),
    PrimaryKeyConstraint("merge_id", "customer_id"),
    info={REACH: "customer_id"},
)
Index("ix_merge_members_customer", merge_members.c.customer_id, merge_members.c.merge_id)


class MergeRow(NamedTuple):
    """A row of merges; `state` is done or undone."""

    id: UUID
    survivor_id: UUID
    state: str
    plan_hash: str
    plan: Sealed | None
    reason: str
    created_by: str
    created_at: datetime
    undone_by: str | None
    undone_at: datetime | None
    outcome: Sealed | None
    updated_at: datetime
    revision: int


class MemberRow(NamedTuple):
    """A row of merge_members: one of the customers that were joined, the survivor too."""

    merge_id: UUID
    customer_id: UUID
    place: int
    revision_before: int
    revision_after: int
    image: Sealed | None
    moved: dict[str, dict[str, Any]]
