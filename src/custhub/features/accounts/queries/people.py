"""Users, teams, roles and grants as their own routes show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, exists, false, func, select

from custhub.features.accounts.models import (
    GrantRow,
    RoleRow,
    TeamRow,
    UserRow,
    grants,
    identities,
    roles,
    teams,
    user_roles,
    users,
)
from custhub.features.accounts.queries.listing import Listing
from custhub.kit.nested import children, reader
from custhub.kit.query import Query, Reader, any_of

ADMIN = "admin"

_WIDTH = len(UserRow._fields)


class NamedRole(NamedTuple):
    """A role of a user."""

    user_id: UUID
    id: UUID
    name: str


class UserRecord(NamedTuple):
    """A user with its roles; `issuer` is who vouches for it, None for the hub itself."""

    row: UserRow
    issuer: str | None
    roles: tuple[NamedRole, ...]


_held = cast(
    Table,
    select(user_roles.c.user_id, roles.c.id, roles.c.name)
    .join(roles, roles.c.id == user_roles.c.role_id)
    .subquery("held"),
)
_read_roles = reader(_held, NamedRole._make)


def _record(values: Iterable[Any]) -> UserRecord:
    values = list(values)
    return UserRecord(UserRow._make(values[:_WIDTH]), values[_WIDTH], _read_roles(values[_WIDTH + 1]))


def _first(values: Iterable[Any]) -> Any:
    return next(iter(values))


_USER = select(users, identities.c.issuer, children(_held, users.c.id, "user_id").label("roles")).select_from(
    users.outerjoin(identities, identities.c.user_id == users.c.id)
)
_BY_ID = _USER.where(users.c.id == bindparam("id"))
_USER_BY_ID = Query(_BY_ID, _record)
_USER_LOCKED = Query(_BY_ID.with_for_update(of=users, key_share=True), _record)
_USER_BY_EMAIL = Query(_USER.where(users.c.email == bindparam("email")), _record)

USERS = Listing(
    _USER,
    users.c.id,
    _record,
    lambda record: record.row.id,
    {
        "team_id": users.c.team_id == bindparam("team_id"),
        "role": exists(
            select(1)
            .select_from(user_roles.join(roles, roles.c.id == user_roles.c.role_id))
            .where(user_roles.c.user_id == users.c.id, roles.c.name == bindparam("role"))
            .correlate(users)
        ),
    },
)
TEAMS = Listing(
    select(teams),
    teams.c.id,
    TeamRow._make,
    lambda row: row.id,
    {"parent_id": teams.c.parent_id == bindparam("parent_id")},
)
ROLES = Listing(select(roles), roles.c.id, RoleRow._make, lambda row: row.id, {})
GRANTS = Listing(
    select(grants),
    grants.c.id,
    GrantRow._make,
    lambda row: row.id,
    {"user_id": grants.c.user_id == bindparam("user_id")},
)

_TEAM = select(teams).where(teams.c.id == bindparam("id"))
_TEAM_BY_ID = Query(_TEAM, TeamRow._make)
_TEAM_LOCKED = Query(_TEAM.with_for_update(key_share=True), TeamRow._make)
_ALL_TEAMS_LOCKED = Query(select(teams).order_by(teams.c.id).with_for_update(key_share=True), TeamRow._make)

_ROLE = select(roles).where(roles.c.id == bindparam("id"))
_ROLE_BY_ID = Query(_ROLE, RoleRow._make)
_ROLE_LOCKED = Query(_ROLE.with_for_update(key_share=True), RoleRow._make)
_ROLES_BY_NAME = Query(select(roles).where(any_of(roles.c.name, "names")), RoleRow._make)

_GRANT = select(grants).where(grants.c.id == bindparam("id"))
_GRANT_BY_ID = Query(_GRANT, GrantRow._make)
_GRANT_LOCKED = Query(_GRANT.with_for_update(key_share=True), GrantRow._make)

# Whoever takes an administrator away holds this row until the end, so that two cannot take the last two.
_ADMIN_LOCKED = Query(select(roles.c.id).where(roles.c.name == ADMIN).with_for_update(key_share=True), _first)
_ADMINISTRATORS = Query(
    select(func.count())
    .select_from(
        users.join(user_roles, user_roles.c.user_id == users.c.id).join(roles, roles.c.id == user_roles.c.role_id)
    )
    .where(roles.c.name == ADMIN, users.c.is_disabled == false()),
    _first,
)


async def user_by_id(reader: Reader, user_id: UUID, *, locking: bool = False) -> UserRecord | None:
    """One user, its row locked when asked for."""
    return await (_USER_LOCKED if locking else _USER_BY_ID).first(reader, id=user_id)


async def mailbox_of(reader: Reader, user_id: UUID) -> str | None:
    """Where to write to a user; None for those without an address, or without access."""
    found = await user_by_id(reader, user_id)
    return None if found is None or found.row.is_disabled else found.row.email


async def user_by_email(reader: Reader, email: str) -> UserRecord | None:
    """The user with this address in its normal form."""
    return await _USER_BY_EMAIL.first(reader, email=email)


async def team_by_id(reader: Reader, team_id: UUID, *, locking: bool = False) -> TeamRow | None:
    """One team."""
    return await (_TEAM_LOCKED if locking else _TEAM_BY_ID).first(reader, id=team_id)


async def locked_team_parents(reader: Reader) -> dict[UUID, UUID | None]:
    """The whole tree, which nobody else can move until the transaction ends."""
    return {row.id: row.parent_id for row in await _ALL_TEAMS_LOCKED.all(reader)}


async def role_by_id(reader: Reader, role_id: UUID, *, locking: bool = False) -> RoleRow | None:
    """One role."""
    return await (_ROLE_LOCKED if locking else _ROLE_BY_ID).first(reader, id=role_id)


async def roles_by_name(reader: Reader, names: Iterable[str]) -> dict[str, RoleRow]:
    """The roles of these names, as many as there are."""
    return {row.name: row for row in await _ROLES_BY_NAME.all(reader, names=list(names))}


async def grant_by_id(reader: Reader, grant_id: UUID, *, locking: bool = False) -> GrantRow | None:
    """One grant."""
    return await (_GRANT_LOCKED if locking else _GRANT_BY_ID).first(reader, id=grant_id)


async def locked_administrators(reader: Reader) -> int:
    """How many active administrators there are; nobody can take one away until the transaction ends."""
    await _ADMIN_LOCKED.first(reader)
    return int(await _ADMINISTRATORS.first(reader) or 0)
