"""Tables of keys: one wrapped data key per customer, those of the system, and which roots are in use (S-05, S-15)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table

from custhub.kit.db import Id, Instant, metadata

KEY_REF = "pk_key_refs"

customer_keys = Table(
    "customer_keys",
    metadata,
    Column("customer_id", Id, ForeignKey("customers.id"), primary_key=True),
    Column("dek_version", Integer, nullable=False),
    Column("kid", Integer, nullable=False),
    Column("wrapped", LargeBinary(65), nullable=False),
)
Index("ix_customer_keys_kid", customer_keys.c.kid, customer_keys.c.customer_id)

system_keys = Table(
    "system_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", String(40), nullable=False, unique=True),
    Column("dek_version", Integer, nullable=False),
    Column("kid", Integer, nullable=False, index=True),
    Column("wrapped", LargeBinary(65), nullable=False),
)

key_refs = Table(
    "key_refs",
    metadata,
    Column("id", Id, nullable=False, unique=True),
    Column("purpose", String(12), nullable=False),
    Column("kid", Integer, nullable=False),
    Column("kcv", LargeBinary(8), nullable=False),
    Column("state", String(12), nullable=False),
    # When a process last said that its keyring lacks this key; it keeps the key from being put to work.
    Column("missing_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    PrimaryKeyConstraint("purpose", "kid", name=KEY_REF),
)


class CustomerKey(NamedTuple):
    """A row of customer_keys."""

    customer_id: UUID
    dek_version: int
    kid: int
    wrapped: bytes


class SystemKey(NamedTuple):
    """A row of system_keys: the data key of secrets that belong to no customer."""

    id: UUID
    purpose: str
    dek_version: int
    kid: int
    wrapped: bytes


class KeyReference(NamedTuple):
    """A row of key_refs: a root that stored data may need, its check value, and its part (`KeyState`)."""

    id: UUID
    purpose: str
    kid: int
    kcv: bytes
    state: str
    missing_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int
