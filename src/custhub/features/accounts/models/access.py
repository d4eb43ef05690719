"""Clients and their secrets, login sessions, tokens that ended early, counters of logins."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from custhub.kit.db import Id, Instant, Json, metadata

clients = Table(
    "clients",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("role_id", Id, ForeignKey("roles.id"), index=True),
    Column("sources", Json, nullable=False),
    Column("networks", Json, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("id", Id, primary_key=True),
    Column("client_id", Id, ForeignKey("clients.id"), nullable=False, index=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
)

# One row is one login: a family of refresh tokens of which only the newest counts (S-45).
sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("token_digest", LargeBinary(32), nullable=False, unique=True),
    Column("is_revoked", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("ends_at", Instant, nullable=False),
)
Index("ix_sessions_user", sessions.c.user_id, sessions.c.is_revoked)

spent_refresh_tokens = Table(
    "spent_refresh_tokens",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("session_id", Id, ForeignKey("sessions.id"), nullable=False, index=True),
    Column("spent_at", Instant, nullable=False),
)

denied_tokens = Table(
    "denied_tokens",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
)

# The key is a keyed hash of an account or an address: no row says whose it is.
login_counters = Table(
    "login_counters",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

one_time_tokens = Table(
    "one_time_tokens",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("purpose", String(12), nullable=False),
    Column("user_id", Id, ForeignKey("users.id"), index=True),
    Column("is_used", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)


class ClientRow(NamedTuple):
    """A row of clients. `scopes` is the ceiling; no `role_id` means the fields and rows of a partner."""

    id: UUID
    name: str
    scopes: list[str]
    role_id: UUID | None
    sources: list[str]
    networks: list[str]
    is_disabled: bool
    created_at: datetime
    updated_at: datetime
    revision: int


class ClientSecretRow(NamedTuple):
    """A row of client_secrets: at most two of a client are valid at once (S-47)."""

    id: UUID
    client_id: UUID
    digest: bytes
    created_at: datetime
    expires_at: datetime | None


class SessionRow(NamedTuple):
    """A row of sessions: `expires_at` slides with each use, `ends_at` does not."""

    id: UUID
    user_id: UUID
    token_digest: bytes
    is_revoked: bool
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    ends_at: datetime


class SpentTokenRow(NamedTuple):
    """A row of spent_refresh_tokens: what shows that a token is used a second time."""

    digest: bytes
    session_id: UUID
    spent_at: datetime


class DeniedTokenRow(NamedTuple):
    """A row of denied_tokens: the hash of issuer and jti, kept until the token would have ended anyway."""

    digest: bytes
    expires_at: datetime


class LoginCounterRow(NamedTuple):
    """A row of login_counters: failures in a row of an account, or logins in a minute from an address."""

    key: bytes
    tries: int
    at: datetime


class OneTimeTokenRow(NamedTuple):
    """A row of one_time_tokens. `purpose` is bootstrap or password."""

    digest: bytes
    purpose: str
    user_id: UUID | None
    is_used: bool
    created_at: datetime
    expires_at: datetime
