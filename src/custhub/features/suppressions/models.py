"""Tables of the suppression list. No number and no address: keyed hashes under every live `suppress` key (S-85)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, metadata

SUPPRESSED_HASH = "pk_suppression_hashes"

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("channel", String(8), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String(40)),
    Column("lift_reason", String(20)),
    # What shows that the person agreed: of whoever it speaks, it is sealed.
    Column("evidence", SealedColumn),
    Column("revision", Integer, nullable=False),
)
Index("ix_suppressions_kind", suppressions.c.kind, suppressions.c.id)
Index("ix_suppressions_channel", suppressions.c.channel, suppressions.c.id)

#: What is in force: the hashes of an entry go when it is lifted.
suppression_hashes = Table(
    "suppression_hashes",
    metadata,
    Column("hash", LargeBinary(32), nullable=False),
    Column("kid", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("suppression_id", Id, ForeignKey("suppressions.id"), nullable=False),
    PrimaryKeyConstraint("hash", "kid", "kind", name=SUPPRESSED_HASH),
)
Index("ix_suppression_hashes_suppression", suppression_hashes.c.suppression_id)


class SuppressionRow(NamedTuple):
    """A row of suppressions."""

    id: UUID
    kind: str
    channel: str
    reason: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None
    evidence: Sealed | None
    revision: int


class HashRow(NamedTuple):
    """A row of suppression_hashes."""

    hash: bytes
    kid: int
    kind: str
    suppression_id: UUID
