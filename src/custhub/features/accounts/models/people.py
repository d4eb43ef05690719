"""Users, their teams and roles, and what they are granted for a while."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata

TEAM_NAME = "uq_teams_name"
ROLE_NAME = "uq_roles_name"
EMAIL = "uq_users_email"
IDENTITY = "pk_identities"

teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("parent_id", Id, ForeignKey("teams.id"), index=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("name", name=TEAM_NAME),
)

roles = Table(
    "roles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("description", String(200), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("reach", String(12), nullable=False),
    Column("fields", Json, nullable=False),
    Column("phone_mask", String(8), nullable=False),
    Column("reveals_per_day", Integer, nullable=False),
    Column("is_builtin", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("name", name=ROLE_NAME),
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    # Null for somebody an external issuer vouches for: its word about an address is not proof of it here.
    Column("email", String(254)),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200)),
    Column("team_id", Id, ForeignKey("teams.id"), index=True),
    Column("is_disabled", Boolean, nullable=False),
    # Raised, together with `tokens_not_before`, whenever tokens already out must end (S-44).
    Column("rights_version", Integer, nullable=False),
    Column("tokens_not_before", Instant),
    Column("totp_secret", SealedColumn),
    Column("totp_enabled_at", Instant),
    Column("totp_last_step", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("email", name=EMAIL),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("role_id", Id, ForeignKey("roles.id"), nullable=False),
    PrimaryKeyConstraint("user_id", "role_id"),
)
Index("ix_user_roles_role", user_roles.c.role_id, user_roles.c.user_id)

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(255), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False, unique=True),
    PrimaryKeyConstraint("issuer", "subject", name=IDENTITY),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id"), nullable=False),
    Column("scope", String(40), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("state", String(12), nullable=False),
    Column("proposed_by", Id, nullable=False),
    Column("approved_by", Id),
    Column("approved_at", Instant),
    Column("revoked_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_grants_user", grants.c.user_id, grants.c.id)


class TeamRow(NamedTuple):
    """A row of teams."""

    id: UUID
    name: str
    parent_id: UUID | None
    created_at: datetime
    updated_at: datetime
    revision: int


class RoleRow(NamedTuple):
    """A row of roles. `fields` maps a field to hidden, masked, read or write; what it lacks is hidden."""

    id: UUID
    name: str
    description: str
    scopes: list[str]
    reach: str
    fields: dict[str, str]
    phone_mask: str
    reveals_per_day: int
    is_builtin: bool
    created_at: datetime
    updated_at: datetime
    revision: int


class UserRow(NamedTuple):
    """A row of users."""

    id: UUID
    email: str | None
    name: str
    password_hash: str | None
    team_id: UUID | None
    is_disabled: bool
    rights_version: int
    tokens_not_before: datetime | None
    totp_secret: Sealed | None
    totp_enabled_at: datetime | None
    totp_last_step: int
    created_at: datetime
    updated_at: datetime
    revision: int


class UserRoleRow(NamedTuple):
    """A row of user_roles."""

    user_id: UUID
    role_id: UUID


class IdentityRow(NamedTuple):
    """A row of identities: who a user is at an external issuer."""

    issuer: str
    subject: str
    user_id: UUID


class GrantRow(NamedTuple):
    """A row of grants. `state` is proposed, approved or revoked; one that has run out keeps its state."""

    id: UUID
    user_id: UUID
    scope: str
    reason: str
    state: str
    proposed_by: UUID
    approved_by: UUID | None
    approved_at: datetime | None
    revoked_at: datetime | None
    expires_at: datetime
    created_at: datetime
    updated_at: datetime
    revision: int
