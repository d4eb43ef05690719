"""Tables of imports: what was asked for, what became of each row, and how columns go into fields."""

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
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import REACH

MAPPING_NAME = "uq_import_mappings_source_name"

imports = Table(
    "imports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("mapping", Json, nullable=False),
    Column("mapping_id", Id),
    Column("wishes", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("file_id", Id),
    Column("file_size", BigInteger),
    Column("file_sha256", LargeBinary(32)),
    Column("layout", Json),
    # The rights of who started it, as they were then.
    Column("standing", Json),
    Column("job_id", Id),
    Column("undo_job_id", Id),
    Column("total", BigInteger),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("kept", BigInteger, nullable=False),
    Column("actor_kind", String(12), nullable=False),
    Column("actor_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    # How rows meet customers who are there; none where each makes a new one.
    Column("matching", Json),
    Column("refused", BigInteger, nullable=False),
    Column("restored", BigInteger, nullable=False),
)
Index("ix_imports_actor", imports.c.actor_id, imports.c.id)
Index("ix_imports_created", imports.c.created_at)

import_batches = Table(
    "import_batches",
    metadata,
    Column("import_id", Id, ForeignKey("imports.id"), nullable=False),
    # Place of its first row under the header, from 0.
    Column("first", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    # [[place, column, field, code], ...]
    Column("faults", Json, nullable=False),
    # 17 bytes for each row (rules/outcomes.py).
    Column("outcomes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("import_id", "first"),
)

# Of an import that meets customers who are there: whom it touched, and what they were before.
import_images = Table(
    "import_images",
    metadata,
    Column("import_id", Id, ForeignKey("imports.id"), nullable=False),
    # No foreign key: the id stays when the customer goes.
    Column("customer_id", Id, nullable=False),
    # As the import left it: who has moved on since was changed by somebody else.
    Column("left_revision", Integer, nullable=False),
    Column("is_new", Boolean, nullable=False),
    # Before its first change; sealed under the key of the customer.
    Column("before", SealedColumn),
    # Review items that were opened for what did not stand.
    Column("findings", Json, nullable=False),
    # What an undo has made of it (rules/outcomes.py).
    Column("verdict", SmallInteger),
    PrimaryKeyConstraint("import_id", "customer_id"),
    info={REACH: "customer_id"},
)
Index("ix_import_images_customer", import_images.c.customer_id)

import_mappings = Table(
    "import_mappings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("source", String(40), nullable=False),
    Column("name", String(100), nullable=False),
    Column("mapping", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("source", "name", name=MAPPING_NAME),
)


class ImportRow(NamedTuple):
    """A row of imports."""

    id: UUID
    source: str
    mode: str
    mapping: Any
    mapping_id: UUID | None
    wishes: Any
    state: str
    file_id: UUID | None
    file_size: int | None
    file_sha256: bytes | None
    layout: Any
    standing: Any
    job_id: UUID | None
    undo_job_id: UUID | None
    total: int | None
    created: int
    updated: int
    unchanged: int
    failed: int
    skipped: int
    removed: int
    kept: int
    actor_kind: str
    actor_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    revision: int
    matching: Any
    refused: int
    restored: int


class BatchRow(NamedTuple):
    """A row of import_batches: what became of some rows that stand behind each other."""

    import_id: UUID
    first: int
    rows: int
    failed: int
    faults: list[Any]
    outcomes: bytes


class ImageRow(NamedTuple):
    """A row of import_images."""

    import_id: UUID
    customer_id: UUID
    left_revision: int
    is_new: bool
    before: Sealed | None
    findings: list[str]
    verdict: int | None


class MappingRow(NamedTuple):
    """A row of import_mappings: a mapping to use again."""

    id: UUID
    source: str
    name: str
    mapping: Any
    created_at: datetime
    updated_at: datetime
    revision: int
