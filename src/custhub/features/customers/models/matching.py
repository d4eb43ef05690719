"""Claims of match keys: of two that create a customer for one key at the same moment, one loses and finds the other."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, Table

from custhub.kit.db import Id, metadata

MATCH_CLAIM = "pk_match_claims"

#: Only a lock: what matches is decided by the data. A row whose customer no longer has the key is taken over.
match_claims = Table(
    "match_claims",
    metadata,
    Column("key", LargeBinary(32), nullable=False),
    Column("customer_id", Id, nullable=False),
    PrimaryKeyConstraint("key", name=MATCH_CLAIM),
)
Index("ix_match_claims_customer", match_claims.c.customer_id)


class MatchClaimRow(NamedTuple):
    """A row of match_claims: a keyed hash of kind and value, and the customer that was created for it."""

    key: bytes
    customer_id: UUID
