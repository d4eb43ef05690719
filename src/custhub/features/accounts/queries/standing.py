"""What decides the rights behind a token, each kind of caller in one statement (S-43, S-44)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from sqlalchemy import CTE, ColumnElement, FromClause, Select, Table, and_, bindparam, or_, select

from custhub.features.accounts.models import (
    clients,
    denied_tokens,
    grants,
    identities,
    roles,
    sessions,
    teams,
    user_roles,
    users,
)
from custhub.kit.db import Id, Instant
from custhub.kit.nested import children, reader
from custhub.kit.query import Query, Reader, any_of

PARTNER = "partner"


class HeldRole(NamedTuple):
    """What one role gives."""

    owner_id: UUID
    id: UUID
    name: str
    scopes: list[str]
    reach: str
    fields: dict[str, str]
    phone_mask: str
    reveals_per_day: int


class UserStanding(NamedTuple):
    """A user and everything its rights come from, as of one moment.

    `session_revoked` is None where the session asked for is not this user's. `granted` are scopes in force now,
    `team_ids` the own team and all below it.
    """

    id: UUID
    name: str
    team_id: UUID | None
    is_disabled: bool
    rights_version: int
    tokens_not_before: datetime | None
    totp_enabled_at: datetime | None
    session_revoked: bool | None
    session_ends_at: datetime | None
    token_denied: bool
    roles: tuple[HeldRole, ...]
    granted: frozenset[str]
    team_ids: frozenset[UUID]


class ClientStanding(NamedTuple):
    """A client and everything its rights come from. `role` is a partner's where it has none of its own."""

    id: UUID
    name: str
    scopes: list[str]
    has_role: bool
    sources: list[str]
    networks: list[str]
    is_disabled: bool
    token_denied: bool
    role: HeldRole


class _Granted(NamedTuple):
    user_id: UUID
    id: UUID
    scope: str


class _Below(NamedTuple):
    user_id: UUID
    team_id: UUID | None


def _rows(source: FromClause) -> tuple[Table, ColumnElement[Any]]:
    # Any selectable has columns, and `children` asks for no more.
    table = cast(Table, source)
    return table, children(table, users.c.id, "user_id").label(source.name)  # type: ignore[attr-defined]


_ROLE = (
    roles.c.id, roles.c.name, roles.c.scopes, roles.c.reach, roles.c.fields, roles.c.phone_mask,
    roles.c.reveals_per_day,
)  # fmt: skip
_ID = bindparam("id", type_=Id)
_DENIED = denied_tokens.c.digest == bindparam("token")
_ASSIGNED = (
    select(user_roles.c.user_id, *_ROLE)
    .join(roles, roles.c.id == user_roles.c.role_id)
    .where(user_roles.c.user_id == _ID)
    .subquery("held")
)
_MAPPED = (
    select(identities.c.user_id, *_ROLE)
    .join(roles, any_of(roles.c.name, "role_names"))
    .where(identities.c.issuer == bindparam("issuer"), identities.c.subject == bindparam("subject"))
    .subquery("held")
)
_SUBJECT = (
    select(identities.c.user_id)
    .where(identities.c.issuer == bindparam("issuer"), identities.c.subject == bindparam("subject"))
    .scalar_subquery()
)


def _in_force(user_id: Any) -> FromClause:
    return (
        select(grants.c.user_id, grants.c.id, grants.c.scope)
        .where(
            grants.c.user_id == user_id,
            grants.c.state == "approved",
            grants.c.expires_at > bindparam("now", type_=Instant),
        )
        .subquery("in_force")
    )


def _below(user_id: Any) -> CTE:
    own = select(users.c.id.label("user_id"), users.c.team_id).where(users.c.id == user_id)
    tree = own.cte("tree", recursive=True)
    # UNION, not UNION ALL: a circle that slipped in must end.
    return tree.union(select(tree.c.user_id, teams.c.id).join(teams, teams.c.parent_id == tree.c.team_id))


def _user(held: FromClause, user_id: Any) -> tuple[Select[Any], Callable[[Iterable[Any]], UserStanding]]:
    roles_table, roles_column = _rows(held)
    grants_table, grants_column = _rows(_in_force(user_id))
    tree_table, tree_column = _rows(_below(user_id))
    read_roles = reader(roles_table, HeldRole._make)
    read_grants = reader(grants_table, _Granted._make)
    read_tree = reader(tree_table, _Below._make)
    statement = (
        select(
            users.c.id,
            users.c.name,
            users.c.team_id,
            users.c.is_disabled,
            users.c.rights_version,
            users.c.tokens_not_before,
            users.c.totp_enabled_at,
            sessions.c.is_revoked,
            sessions.c.ends_at,
            denied_tokens.c.digest.is_not(None),
            roles_column,
            grants_column,
            tree_column,
        )
        .select_from(
            users.outerjoin(
                sessions, and_(sessions.c.id == bindparam("session_id"), sessions.c.user_id == users.c.id)
            ).outerjoin(denied_tokens, _DENIED)
        )
        .where(users.c.id == user_id)
    )

    def make(values: Iterable[Any]) -> UserStanding:
        *plain, denied, held_roles, granted, below = values
        derived = (
            bool(denied),
            tuple(map(_parsed, read_roles(held_roles))),
            frozenset(grant.scope for grant in read_grants(granted)),
            frozenset(row.team_id for row in read_tree(below) if row.team_id is not None),
        )
        return UserStanding._make((*plain, *derived))

    return statement, make


def _parsed(role: HeldRole) -> HeldRole:
    # Inside the JSON of all rows, a JSON column is a text on SQLite and a value on PostgreSQL.
    return role._replace(scopes=_json(role.scopes), fields=_json(role.fields))


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def _client(values: Iterable[Any]) -> ClientStanding:
    client_id, name, scopes, role_id, sources, networks, disabled, denied, *role = values
    return ClientStanding(
        client_id,
        name,
        scopes,
        has_role=role_id is not None,
        sources=sources,
        networks=networks,
        is_disabled=disabled,
        token_denied=bool(denied),
        role=HeldRole(client_id, *role),
    )


_OWN = Query(*_user(_ASSIGNED, _ID))
_EXTERNAL = Query(*_user(_MAPPED, _SUBJECT))
_CLIENT = Query(
    select(
        clients.c.id,
        clients.c.name,
        clients.c.scopes,
        clients.c.role_id,
        clients.c.sources,
        clients.c.networks,
        clients.c.is_disabled,
        denied_tokens.c.digest.is_not(None),
        *_ROLE,
    )
    .select_from(
        clients.join(
            roles, or_(roles.c.id == clients.c.role_id, and_(clients.c.role_id.is_(None), roles.c.name == PARTNER))
        ).outerjoin(denied_tokens, _DENIED)
    )
    .where(clients.c.id == _ID),
    _client,
)
_DENIAL = Query(select(denied_tokens.c.digest).where(_DENIED), lambda values: bool(next(iter(values))))

_NO_TOKEN = b""


async def user_standing(
    reader: Reader, user_id: UUID, now: datetime, *, session_id: UUID | None = None, token: bytes = _NO_TOKEN
) -> UserStanding | None:
    """A user of the hub's own, with the session and the token that a call shows, if it shows any."""
    return await _OWN.first(reader, id=user_id, now=now, session_id=session_id, token=token)


async def external_standing(
    reader: Reader, issuer: str, subject: str, role_names: list[str], now: datetime, token: bytes
) -> UserStanding | None:
    """Somebody an external issuer vouches for, with the roles of that issuer's groups."""
    return await _EXTERNAL.first(
        reader, issuer=issuer, subject=subject, role_names=role_names, now=now, token=token, session_id=None
    )


async def client_standing(reader: Reader, client_id: UUID, token: bytes = _NO_TOKEN) -> ClientStanding | None:
    """A client, and whether the token it shows was denied."""
    return await _CLIENT.first(reader, id=client_id, token=token)


async def is_denied(reader: Reader, token: bytes) -> bool:
    """Whether a token of nobody's account was denied."""
    return await _DENIAL.first(reader, token=token) is not None
