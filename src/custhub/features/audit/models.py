"""Tables of the audit log: entries, written with the change, their chain, written by one relay, and signatures.

All of them are append-only: triggers refuse UPDATE and DELETE (S-74). The retention cut alone lifts them, inside its
own transaction (S-76).
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnClause, Index, Integer, LargeBinary, String, Table, literal_column

from custhub.features.audit.rules import checkpoint_body, cut_body
from custhub.kit.db import Id, Instant, Json, metadata

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(12), nullable=False),
    Column("actor_id", Id),
    Column("client_id", String(64)),
    Column("request_id", String(64), nullable=False),
    Column("action", String(80), nullable=False),
    Column("object_type", String(40), nullable=False),
    Column("object_id", Id),
    Column("customer_id", Id),
    Column("fields", Json, nullable=False),
    Column("reason", String(200)),
    Column("outcome", String(20), nullable=False),
    Column("details", LargeBinary),
    Column("mac_kid", Integer, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)
_e = audit_entries.c
Index("ix_audit_entries_at", _e.at, _e.id)
Index("ix_audit_entries_customer", _e.customer_id, _e.at, _e.id)
Index("ix_audit_entries_actor", _e.actor_id, _e.at, _e.id)
Index("ix_audit_entries_action", _e.action, _e.at, _e.id)
Index("ix_audit_entries_object", _e.object_type, _e.at, _e.id)
# Nearly every entry is done: only the others are worth an index.
_NOT_DONE: ColumnClause[bool] = literal_column("outcome <> 'done'")
Index("ix_audit_entries_outcome", _e.outcome, _e.at, _e.id, postgresql_where=_NOT_DONE, sqlite_where=_NOT_DONE)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_id", Id, nullable=False, unique=True),
    Column("prev", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("sealed_at", Instant, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False, unique=True),
    Column("last_hash", LargeBinary(32), nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("prev", LargeBinary(32), nullable=False),
    Column("kid", Integer, nullable=False),
    Column("signature", LargeBinary(64), nullable=False),
)

audit_cuts = Table(
    "audit_cuts",
    metadata,
    Column("last_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("prev_hash", LargeBinary(32), nullable=False),
    Column("last_hash", LargeBinary(32), nullable=False),
    Column("content", LargeBinary(32), nullable=False),
    Column("kid", Integer, nullable=False),
    Column("signature", LargeBinary(64), nullable=False),
)


class AuditEntry(NamedTuple):
    """A row of audit_entries. `fields` are names; `details` is sealed under the customer's key."""

    id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    client_id: str | None
    request_id: str
    action: str
    object_type: str
    object_id: UUID | None
    customer_id: UUID | None
    fields: list[str]
    reason: str | None
    outcome: str
    details: bytes | None
    mac_kid: int
    mac: bytes


class ChainLink(NamedTuple):
    """A row of audit_chain."""

    seq: int
    entry_id: UUID
    prev: bytes
    hash: bytes
    sealed_at: datetime


class CheckpointRow(NamedTuple):
    """A row of audit_checkpoints: the Merkle `root` over the hashes of `first_seq` to `last_seq`, signed (S-72).

    `prev` is the digest of the checkpoint before, 32 zeros for the first.
    """

    number: int
    at: datetime
    first_seq: int
    last_seq: int
    last_hash: bytes
    root: bytes
    prev: bytes
    kid: int
    signature: bytes

    @property
    def body(self) -> bytes:
        """The signed text."""
        members = self._asdict()
        del members["signature"]
        return checkpoint_body(**members)


class CutRow(NamedTuple):
    """A row of audit_cuts: `first_seq` to `last_seq` went into an archive whose lines have the SHA-256 `content`.

    `prev_hash` is the hash before `first_seq`; the chain in the database goes on from `last_hash` (S-76).
    """

    last_seq: int
    at: datetime
    first_seq: int
    prev_hash: bytes
    last_hash: bytes
    content: bytes
    kid: int
    signature: bytes

    @property
    def body(self) -> bytes:
        """The signed text."""
        members = self._asdict()
        del members["signature"]
        return cut_body(**members)
