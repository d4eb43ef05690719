"""Tables of matching: keys under which customers meet, and pairs that never join."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, String, Table

from custhub.kit.db import Id, Instant, metadata
from custhub.kit.query import CONCLUDED, REACH

match_keys = Table(
    "match_keys",
    metadata,
    # 64 bits of a keyed hash of kind and value: nothing of a customer is in them.
    Column("key", BigInteger, nullable=False),
    # No foreign key: ten rows of every create would be checked against the customer of the same statement.
    Column("customer_id", Id, nullable=False),
    PrimaryKeyConstraint("key", "customer_id"),
    info={REACH: "customer_id", CONCLUDED: True},
    sqlite_with_rowid=False,
)
Index("ix_match_keys_customer", match_keys.c.customer_id)

cannot_links = Table(
    "cannot_links",
    metadata,
    # No foreign keys: who is erased stays named by id alone. The smaller id is on the left.
    Column("left_id", Id, nullable=False),
    Column("right_id", Id, nullable=False),
    Column("reason", String(20), nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("left_id", "right_id"),
    info={REACH: "left_id"},
)
Index("ix_cannot_links_right", cannot_links.c.right_id)


class MatchKeyRow(NamedTuple):
    """A row of match_keys."""

    key: int
    customer_id: UUID


class CannotLinkRow(NamedTuple):
    """A row of cannot_links: these two were told apart, by a decision or an undo; `left_id` is the smaller."""

    left_id: UUID
    right_id: UUID
    reason: str
    created_by: str
    created_at: datetime
