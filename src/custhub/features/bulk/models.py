"""Tables of bulk actions and of what became of each customer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table

from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import REACH

bulk_actions = Table(
    "bulk_actions",
    metadata,
    # That of its job.
    Column("id", Id, primary_key=True),
    Column("action", Json, nullable=False),
    Column("selection", Json, nullable=False),
    Column("is_dry_run", Boolean, nullable=False),
    # Rights of who started it, and of who undoes it, at that moment.
    Column("access", Json, nullable=False),
    Column("actor_id", Id, nullable=False),
    Column("total", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("undo_job_id", Id),
    Column("undo_access", Json),
    Column("restored", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("finished_at", Instant),
    Column("undone_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_bulk_actions_actor", bulk_actions.c.actor_id, bulk_actions.c.id)
Index("ix_bulk_actions_created", bulk_actions.c.created_at)

bulk_action_rows = Table(
    "bulk_action_rows",
    metadata,
    Column("bulk_action_id", Id, ForeignKey("bulk_actions.id", ondelete="CASCADE"), nullable=False),
    # No foreign key: a refused id may name nobody.
    Column("customer_id", Id, nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("error", String(60)),
    # What the action replaced.
    Column("before", Json),
    Column("undo_outcome", String(10)),
    Column("undo_error", String(60)),
    PrimaryKeyConstraint("bulk_action_id", "customer_id"),
    info={REACH: "customer_id"},
)
Index("ix_bulk_action_rows_customer", bulk_action_rows.c.customer_id)


class BulkActionRow(NamedTuple):
    """A row of bulk_actions."""

    id: UUID
    action: Any
    selection: Any
    is_dry_run: bool
    access: Any
    actor_id: UUID
    total: int | None
    changed: int
    unchanged: int
    refused: int
    undo_job_id: UUID | None
    undo_access: Any
    restored: int
    kept: int
    finished_at: datetime | None
    undone_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class BulkCustomerRow(NamedTuple):
    """A row of bulk_action_rows."""

    bulk_action_id: UUID
    customer_id: UUID
    outcome: str
    error: str | None
    before: Any
    undo_outcome: str | None
    undo_error: str | None
