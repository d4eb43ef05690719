"""The table of links: what they are for, never the token itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Index, LargeBinary, String, Table, literal_column

from custhub.kit.db import Id, Instant, Json, metadata

link_tokens = Table(
    "link_tokens",
    metadata,
    # SHA-256 of the token: 32 random bytes need no slower hash.
    Column("hash", LargeBinary(32), primary_key=True),
    Column("purpose", String(24), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("args", Json, nullable=False),
    Column("customer_id", Id),
    Column("state", String(8), nullable=False),
    Column("actor_kind", String(12), nullable=False),
    Column("actor_id", Id),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)
_OF_CUSTOMER: ColumnElement[Any] = literal_column("customer_id IS NOT NULL")
Index("ix_link_tokens_expires", link_tokens.c.expires_at)
Index("ix_link_tokens_subject", link_tokens.c.subject_id)
Index("ix_link_tokens_customer", link_tokens.c.customer_id,
      postgresql_where=_OF_CUSTOMER, sqlite_where=_OF_CUSTOMER)  # fmt: skip

OPEN, USED = "open", "used"


class LinkRow(NamedTuple):
    """A row of link_tokens."""

    hash: bytes
    purpose: str
    subject_id: UUID
    args: Any
    customer_id: UUID | None
    state: str
    actor_kind: str
    actor_id: UUID | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
