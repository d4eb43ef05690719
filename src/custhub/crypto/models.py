"""Tables of keys: one wrapped data key per customer, those of the system, and which roots are in use (S-05, S-15).

And of stored files, whose chunks are nothing but ciphertext.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

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

# In the database on both engines: one backup, one transaction, any worker.
stored_files = Table(
    "stored_files",
    metadata,
    Column("id", Id, primary_key=True),
    Column("purpose", String(20), nullable=False),
    Column("key_id", Id, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    # Null while it is being written: nobody reads it then.
    Column("completed_at", Instant),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
)

stored_file_chunks = Table(
    "stored_file_chunks",
    metadata,
    Column("file_id", Id, ForeignKey("stored_files.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("file_id", "number"),
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


class StoredFileRow(NamedTuple):
    """A row of stored_files. `key_id` is the file's own data key, a row of system_keys: without it nothing opens."""

    id: UUID
    purpose: str
    key_id: UUID
    size: int
    chunks: int
    sha256: bytes
    completed_at: datetime | None
    expires_at: datetime
    created_at: datetime


class FileChunkRow(NamedTuple):
    """A row of stored_file_chunks."""

    file_id: UUID
    number: int
    data: bytes
