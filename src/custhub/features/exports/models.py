"""Tables of exports, and of who is in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from custhub.kit.db import Id, Instant, Json, metadata

exports = Table(
    "exports",
    metadata,
    # That of its job.
    Column("id", Id, primary_key=True),
    Column("format", String(8), nullable=False),
    # Null: the usual ones.
    Column("columns", Json),
    Column("selection", Json, nullable=False),
    Column("is_unmasked", Boolean, nullable=False),
    Column("reason", String(200)),
    # Rights of who asked for it, at that moment.
    Column("access", Json, nullable=False),
    Column("actor_id", Id, nullable=False),
    Column("total", BigInteger),
    Column("customers", BigInteger, nullable=False),
    # Customers with more parts than the sheet has columns for.
    Column("cut", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("file_id", Id),
    Column("expires_at", Instant),
    Column("removed_at", Instant),
    Column("finished_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_exports_actor", exports.c.actor_id, exports.c.id)
Index("ix_exports_created", exports.c.created_at)

#: The ids of each page, so that erasure finds the files that somebody is in (S-89). They go when the file goes.
export_parts = Table(
    "export_parts",
    metadata,
    Column("export_id", Id, ForeignKey("exports.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_id", Id, nullable=False),
    Column("last_id", Id, nullable=False),
    Column("ids", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("export_id", "number"),
)
Index("ix_export_parts_ids", export_parts.c.first_id, export_parts.c.last_id)
Index("ix_export_parts_created", export_parts.c.created_at)


class ExportRow(NamedTuple):
    """A row of exports."""

    id: UUID
    format: str
    columns: Any
    selection: Any
    is_unmasked: bool
    reason: str | None
    access: Any
    actor_id: UUID
    total: int | None
    customers: int
    cut: int
    size: int
    file_id: UUID | None
    expires_at: datetime | None
    removed_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class ExportPartRow(NamedTuple):
    """A row of export_parts."""

    export_id: UUID
    number: int
    first_id: UUID
    last_id: UUID
    ids: bytes
    created_at: datetime
