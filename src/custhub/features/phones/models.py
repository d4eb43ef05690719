"""Tables of phone numbers: sealed rows, their blind indexes, and the claims that keep numbers unique (S-07..S-13)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnClause,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    literal_column,
)

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, metadata
from custhub.kit.query import REACH
from custhub.kit.writes import SORTED

CLAIM = "pk_phone_claims"

customer_phones = Table(
    "customer_phones",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("label", String(40)),
    Column("kind", String(16), nullable=False),
    Column("country", String(3), nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("status", String(8), nullable=False),
    Column("verified_at", Instant),
    Column("checked_at", Instant),
    Column("expires_at", Instant),
    # The entry of the suppression list that forbids to contact it.
    Column("suppressed_by", Id),
    Column("e164", SealedColumn, nullable=False),
    Column("raw", SealedColumn, nullable=False),
    Column("index_kid", Integer, nullable=False),
    Column("exact_index", LargeBinary(16), nullable=False),
    Column("last4_index", SmallInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
Index("ix_customer_phones_customer", customer_phones.c.customer_id)
Index("ix_customer_phones_exact", customer_phones.c.exact_index)
Index("ix_customer_phones_last4", customer_phones.c.last4_index, customer_phones.c.id)
_HELD_BACK: ColumnClause[bool] = literal_column("suppressed_by IS NOT NULL")
Index("ix_customer_phones_suppressed", customer_phones.c.suppressed_by,
      postgresql_where=_HELD_BACK, sqlite_where=_HELD_BACK)  # fmt: skip
Index("ix_customer_phones_kid", customer_phones.c.index_kid, customer_phones.c.id)

phone_claims = Table(
    "phone_claims",
    metadata,
    Column("kid", Integer, nullable=False),
    Column("exact_index", LargeBinary(16), nullable=False),
    # Deferred: a batch claims its numbers first, to learn which are taken, and stores the phones afterwards.
    Column("phone_id", Id, ForeignKey("customer_phones.id", deferrable=True, initially="DEFERRED"), nullable=False),
    Column("customer_id", Id, nullable=False),
    PrimaryKeyConstraint("kid", "exact_index", name=CLAIM),
    info={SORTED: ("kid", "exact_index")},
)
Index("ix_phone_claims_phone", phone_claims.c.phone_id)
Index("ix_phone_claims_customer", phone_claims.c.customer_id)


class PhoneRow(NamedTuple):
    """A row of customer_phones. `e164` and `raw` are sealed; the indexes are keyed hashes."""

    id: UUID
    customer_id: UUID
    label: str | None
    kind: str
    country: str
    is_primary: bool
    shared: bool
    status: str
    verified_at: datetime | None
    checked_at: datetime | None
    expires_at: datetime | None
    suppressed_by: UUID | None
    e164: Sealed
    raw: Sealed
    index_kid: int
    exact_index: bytes
    last4_index: int
    created_at: datetime
    updated_at: datetime
    revision: int


class ClaimRow(NamedTuple):
    """A row of phone_claims: this number belongs to this customer, under this index key."""

    kid: int
    exact_index: bytes
    phone_id: UUID
    customer_id: UUID


phone_uses = Table(
    "phone_uses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("principal_id", Id, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Column("exact_index", LargeBinary(16)),
    Column("last4_index", SmallInteger),
)
Index("ix_phone_uses_principal", phone_uses.c.principal_id, phone_uses.c.kind, phone_uses.c.at)
Index("ix_phone_uses_at", phone_uses.c.at)


class PhoneUse(NamedTuple):
    """A row of phone_uses: somebody looked a number up or opened one. Kept two days, for the quotas."""

    id: UUID
    principal_id: UUID
    kind: str
    at: datetime
    exact_index: bytes | None
    last4_index: int | None
