"""Saves users, teams, roles, clients and sessions inside a unit of work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Delete, Table, bindparam, delete, exists, or_, select

from custhub.features.accounts.models import (
    ClientRow,
    ClientSecretRow,
    DeniedTokenRow,
    GrantRow,
    IdentityRow,
    LoginCounterRow,
    OneTimeTokenRow,
    RoleRow,
    SessionRow,
    SpentTokenRow,
    TeamRow,
    UserRoleRow,
    UserRow,
    client_secrets,
    clients,
    denied_tokens,
    grants,
    identities,
    login_counters,
    one_time_tokens,
    roles,
    sessions,
    spent_refresh_tokens,
    teams,
    user_roles,
    users,
)
from custhub.kit.db import Instant, metadata
from custhub.kit.ids import new_id
from custhub.kit.query import Text
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace

Resource = TypeVar("Resource", UserRow, TeamRow, RoleRow, ClientRow, GrantRow)

_TABLES: dict[type[NamedTuple], Table] = {
    UserRow: users,
    TeamRow: teams,
    RoleRow: roles,
    ClientRow: clients,
    GrantRow: grants,
    ClientSecretRow: client_secrets,
    DeniedTokenRow: denied_tokens,
    IdentityRow: identities,
    OneTimeTokenRow: one_time_tokens,
    SessionRow: sessions,
    SpentTokenRow: spent_refresh_tokens,
}
_before = bindparam("before", type_=Instant)
_over = or_(sessions.c.ends_at < _before, sessions.c.expires_at < _before)
#: What nothing asks for any more; refresh tokens before the sessions they point at.
_PURGES: tuple[Delete, ...] = (
    delete(spent_refresh_tokens).where(
        exists(select(1).where(sessions.c.id == spent_refresh_tokens.c.session_id, _over))
    ),
    delete(sessions).where(_over),
    delete(denied_tokens).where(denied_tokens.c.expires_at < _before),
    delete(login_counters).where(login_counters.c.at < _before),
    delete(one_time_tokens).where(one_time_tokens.c.expires_at < _before),
    delete(client_secrets).where(client_secrets.c.expires_at < _before),
)
#: What SQLite calls a broken reference, whichever it is.
_SOME_REFERENCE = "FOREIGN KEY constraint failed"


def new_user(now: datetime, *, email: str | None, name: str, team_id: UUID | None = None) -> UserRow:
    """A user without password, second factor or role."""
    return UserRow(new_id(), email, name, None, team_id, False, 1, None, None, None, 0, now, now, 1)


def add(uow: UnitOfWork, row: NamedTuple) -> None:
    """Store a new row."""
    uow.insert(_TABLES[type(row)], row)


def change(uow: UnitOfWork, row: Resource, values: Mapping[str, Any]) -> Resource:
    """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
    values = {**values, "updated_at": uow.now, "revision": row.revision + 1}
    uow.update(_TABLES[type(row)], {"id": row.id, "revision": row.revision}, values, guard=True)
    return row._replace(**values)


def remove(uow: UnitOfWork, row: RoleRow | TeamRow | ClientRow | ClientSecretRow) -> None:
    """Delete a row."""
    uow.delete(_TABLES[type(row)], {"id": row.id})


def add_user(uow: UnitOfWork, row: UserRow, role_ids: Iterable[UUID], identity: IdentityRow | None = None) -> None:
    """Store a new user with its roles, or with who vouches for it."""
    add(uow, row)
    for role_id in role_ids:
        uow.insert(user_roles, UserRoleRow(row.id, role_id))
    if identity is not None:
        add(uow, identity)


def touch_user(uow: UnitOfWork, user_id: UUID, values: Mapping[str, Any]) -> None:
    """Store columns that no body shows; the revision stays."""
    uow.update(users, {"id": user_id}, values)


def change_roles(uow: UnitOfWork, user_id: UUID, old: Collection[UUID], new: Collection[UUID]) -> None:
    """Give and take the roles that differ."""
    for role_id in new:
        if role_id not in old:
            uow.insert(user_roles, UserRoleRow(user_id, role_id))
    for role_id in old:
        if role_id not in new:
            uow.delete(user_roles, {"user_id": user_id, "role_id": role_id})


def rotate(uow: UnitOfWork, session: SessionRow, digest: bytes, expires_at: datetime) -> None:
    """Put a new refresh token in place of the one used: once, whoever else uses it at this moment (S-45)."""
    key = {"id": session.id, "token_digest": session.token_digest, "is_revoked": False}
    values = {"token_digest": digest, "used_at": uow.now, "expires_at": expires_at}
    uow.update(sessions, key, values, guard=True)
    add(uow, SpentTokenRow(session.token_digest, session.id, uow.now))


def revoke_session(uow: UnitOfWork, session_id: UUID) -> None:
    """End one login."""
    uow.update(sessions, {"id": session_id}, {"is_revoked": True})


def revoke_sessions(uow: UnitOfWork, user_id: UUID) -> None:
    """End every login of a user."""
    uow.update(sessions, {"user_id": user_id, "is_revoked": False}, {"is_revoked": True})


def save_counter(uow: UnitOfWork, old: LoginCounterRow | None, new: LoginCounterRow) -> None:
    """Store a counter; two that begin it at once end in a violation of its key."""
    if old is None:
        uow.insert(login_counters, new)
    else:
        uow.update(login_counters, {"key": new.key}, {"tries": new.tries, "at": new.at})


def forget_counter(uow: UnitOfWork, key: bytes) -> None:
    """Begin anew."""
    uow.delete(login_counters, {"key": key})


def use_up(uow: UnitOfWork, token: OneTimeTokenRow) -> None:
    """Use a one-time token; the unit of work is lost when somebody else did meanwhile."""
    uow.update(one_time_tokens, {"digest": token.digest, "is_used": False}, {"is_used": True}, guard=True)


def end_secret(uow: UnitOfWork, secret: ClientSecretRow, at: datetime) -> None:
    """Let a secret of a client end."""
    uow.update(client_secrets, {"id": secret.id}, {"expires_at": at})


def remove_secrets(uow: UnitOfWork, client_id: UUID) -> None:
    """Delete every secret of a client."""
    uow.delete(client_secrets, {"client_id": client_id})


def references_to(row: type[TeamRow | RoleRow]) -> list[str]:
    """Names of the constraints by which rows of any table point at rows of this one."""
    target = _TABLES[row]
    found = {
        str(key.constraint.name)
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.constraint is not None and key.column.table is target
    }
    return [*sorted(found), _SOME_REFERENCE]


def again_when(uow: UnitOfWork, constraints: Iterable[str]) -> None:
    """Run the whole request again when one of these is violated: what it had checked changed meanwhile."""

    async def again() -> Any:
        raise LostRace

    for constraint in constraints:
        uow.on_violation(constraint, again)


async def purge(uow: UnitOfWork, before: datetime) -> None:
    """Delete sessions, tokens, secrets and counters that ended before, in the explicit transaction it opens."""
    await uow.flush()
    for statement in _PURGES:
        text = Text(statement, uow.dialect)
        await uow.fetch(text.sql, text.values({"before": before}))
