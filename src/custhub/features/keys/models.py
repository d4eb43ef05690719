"""Table of key rotations. The keys themselves are listed in `key_refs` (crypto/models.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, LargeBinary, String, Table, literal_column

from custhub.kit.db import Id, Instant, Json, metadata

#: At most one open rotation per purpose.
OPEN_ROTATION = "uq_key_rotations_open"
_IS_OPEN: ColumnElement[bool] = literal_column("state IN ('queued', 'running')")

key_rotations = Table(
    "key_rotations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", String(12), nullable=False),
    Column("from_kid", Integer, nullable=False),
    Column("to_kid", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("processed", BigInteger, nullable=False),
    # Rows of this pass that do not open, and so keep the old key.
    Column("unreadable", BigInteger, nullable=False),
    # The last key handled in this pass: 16 bytes of an id or of an index; null before the first.
    Column("reached", LargeBinary(16)),
    Column("conflicts", Json, nullable=False),
    Column("error", String(40)),
    Column("request_id", String(64), nullable=False),
    # The job whose work it is; null for those that ended before rotations were jobs.
    Column("job_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("phase_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index(OPEN_ROTATION, key_rotations.c.purpose, unique=True, postgresql_where=_IS_OPEN, sqlite_where=_IS_OPEN)
Index("ix_key_rotations_purpose", key_rotations.c.purpose, key_rotations.c.id)


class RotationRow(NamedTuple):
    """A row of key_rotations."""

    id: UUID
    purpose: str
    from_kid: int
    to_kid: int
    state: str
    phase: str
    total: int
    processed: int
    unreadable: int
    reached: bytes | None
    conflicts: list[Any]
    error: str | None
    request_id: str
    job_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    phase_at: datetime
    finished_at: datetime | None
    updated_at: datetime
    revision: int
