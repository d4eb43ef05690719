"""Answers as the document shows them, with the views that give them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.accounts.models import RoleRow, TeamRow
from custhub.features.accounts.queries.access import ClientRecord
from custhub.features.accounts.queries.people import UserRecord
from custhub.features.accounts.schemas.bodies import Level, Mask, RoleReach
from custhub.http.fields import ClientId, Read, Revision, RoleId, TeamId, UserId
from custhub.kit.ids import Prefix, text_or_none, to_text

S40 = Annotated[str, StringConstraints(max_length=40)]
S100 = Annotated[str, StringConstraints(max_length=100)]
S200 = Annotated[str, StringConstraints(max_length=200)]
Cursor = Annotated[str, StringConstraints(max_length=500)]
ScopeList = Annotated[list[S40], Field(max_length=200)]


class PageQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class UserQuery(PageQuery):
    """Filters of the list of users."""

    team_id: TeamId | None = Field(default=None, description="Members of this team")
    role: S40 | None = Field(default=None, description="Holders of this role")


class TeamQuery(PageQuery):
    """Filters of the list of teams."""

    parent_id: TeamId | None = Field(default=None, description="Teams directly below this one")


class Resource(Read):
    """What every resource carries."""

    created_at: datetime
    updated_at: datetime
    revision: Revision


class UserRead(Resource):
    """A user. `issuer` is who vouches for it: null for the hub itself, and then it has a password or none yet."""

    id: UserId
    object: Literal["user"]
    email: Annotated[str, StringConstraints(max_length=254)] | None
    name: S200
    roles: Annotated[list[S40], Field(max_length=20)]
    team_id: TeamId | None
    issuer: Annotated[str, StringConstraints(max_length=255)] | None
    has_password: bool
    mfa_enabled: bool
    is_disabled: bool


class UserPage(Read):
    """A page of users."""

    data: Annotated[list[UserRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class PasswordResetRead(UserRead):
    """A user without a password, and the token that sets the next one; null when the answer is replayed."""

    reset_token: Annotated[str, StringConstraints(max_length=100)] | None
    reset_expires_at: datetime


class TeamRead(Resource):
    """A team."""

    id: TeamId
    object: Literal["team"]
    name: S100
    parent_id: TeamId | None


class TeamPage(Read):
    """A page of teams."""

    data: Annotated[list[TeamRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class RoleRead(Resource):
    """A role: scopes, rows, fields, how numbers look, reveals a day (0 for the default of the hub)."""

    id: RoleId
    object: Literal["role"]
    name: S40
    description: S200
    scopes: ScopeList
    reach: RoleReach
    fields: dict[S40, Level]
    phone_mask: Mask
    reveals_per_day: Annotated[int, Field(ge=0, le=10_000)]
    is_builtin: bool


class RolePage(Read):
    """A page of roles."""

    data: Annotated[list[RoleRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class ClientSecretRead(Read):
    """A secret of a client, without the secret."""

    created_at: datetime
    expires_at: datetime | None


class PartnerClientRead(Resource):
    """A partner's program. `role` is null for the fields and rows of a partner."""

    id: ClientId
    object: Literal["client"]
    name: S200
    scopes: ScopeList
    role: S40 | None
    sources: Annotated[list[S40], Field(max_length=50)]
    networks: Annotated[list[Annotated[str, StringConstraints(max_length=49)]], Field(max_length=50)]
    is_disabled: bool
    secrets: Annotated[list[ClientSecretRead], Field(max_length=10)]


class ClientWithSecret(PartnerClientRead):
    """A client with its new secret, shown once; null when the answer is replayed."""

    secret: Annotated[str, StringConstraints(max_length=100)] | None


class ClientPage(Read):
    """A page of clients."""

    data: Annotated[list[PartnerClientRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


def user_view(record: UserRecord) -> dict[str, Any]:
    """The body of a user."""
    row = record.row
    return {
        "id": to_text(Prefix.USER, row.id),
        "object": "user",
        "email": row.email,
        "name": row.name,
        "roles": sorted(role.name for role in record.roles),
        "team_id": text_or_none(Prefix.TEAM, row.team_id),
        "issuer": record.issuer,
        "has_password": row.password_hash is not None,
        "mfa_enabled": row.totp_enabled_at is not None,
        "is_disabled": row.is_disabled,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def team_view(row: TeamRow) -> dict[str, Any]:
    """The body of a team."""
    return {
        "id": to_text(Prefix.TEAM, row.id),
        "object": "team",
        "name": row.name,
        "parent_id": text_or_none(Prefix.TEAM, row.parent_id),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def role_view(row: RoleRow) -> dict[str, Any]:
    """The body of a role."""
    return {
        **row._asdict(),
        "id": to_text(Prefix.ROLE, row.id),
        "object": "role",
        "scopes": sorted(row.scopes),
    }


def client_view(record: ClientRecord) -> dict[str, Any]:
    """The body of a client."""
    row = record.row
    return {
        "id": to_text(Prefix.CLIENT, row.id),
        "object": "client",
        "name": row.name,
        "scopes": sorted(row.scopes),
        "role": record.role,
        "sources": row.sources,
        "networks": row.networks,
        "is_disabled": row.is_disabled,
        "secrets": [{"created_at": s.created_at, "expires_at": s.expires_at} for s in record.secrets],
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def etag_of(revision: int) -> str:
    """Strong entity tag; these bodies look the same to everybody who may see them (CONTRACT C6)."""
    return f'"{revision}-00000000"'
