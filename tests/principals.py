"""Callers of any rights for feature tests, without accounts: a fake of what turns a token into its principal."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Integer, String, Table

from custhub.features.accounts.models import teams, users
from custhub.http.hub import Hub
from custhub.http.tokens import TokenCache
from custhub.kit.db import Instant
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
from custhub.security.fields import FieldPolicy, PhoneMask, policy
from custhub.security.principal import Principal, PrincipalKind, Quota
from custhub.security.reach import ALL_ROWS, Reach
from custhub.security.roles import ROLES
from custhub.security.scopes import ALL

_numbers = itertools.count(1)


class InjectedTokens(TokenCache):
    """Knows tokens that were never issued; every other one goes the real way."""

    def __init__(self, inner: TokenCache) -> None:
        self._inner = inner
        self.verifier = inner.verifier
        self._people: dict[bytes, Principal] = {}

    def invite(self, principal: Principal) -> str:
        """A token that stands for this principal."""
        token = f"injected-{next(_numbers)}"
        self._people[f"Bearer {token}".encode()] = principal
        return token

    async def principal(self, authorization: bytes | None) -> Principal:
        """The injected principal, or the real one."""
        known = self._people.get(authorization or b"")
        return known if known is not None else await self._inner.principal(authorization)

    def forget(self) -> None:
        """Drop what the real one remembers."""
        self._inner.forget()


def policy_of(role: str) -> FieldPolicy:
    """What a seeded role sees."""
    seed = ROLES[role]
    return policy(seed.fields, seed.phone_mask)


def make_principal(
    role: str = "admin",
    *,
    reach: Reach = ALL_ROWS,
    user_id: UUID | None = None,
    kind: PrincipalKind = "user",
    scopes: Iterable[str] | None = None,
    fields: Mapping[str, Any] | None = None,
    phone_mask: PhoneMask | None = None,
    reveals_per_day: int | None = None,
) -> Principal:
    """A caller with the scopes and fields of a role; members given win. `admin` holds every scope here."""
    seed = ROLES[role]
    wanted = scopes if scopes is not None else ALL if role == "admin" else seed.scopes
    return Principal(
        kind=kind,
        id=user_id or new_id(),
        client_id="tests",
        name="tests",
        scopes=frozenset(wanted),
        roles=(role,),
        policy=policy(seed.fields if fields is None else fields, phone_mask or seed.phone_mask),
        reach=reach,
        quota=Quota(reveals_per_day),
    )


async def add_team(hub: Hub, parent_id: UUID | None = None) -> UUID:
    """A team in the database."""
    return await _add(hub, teams, {"parent_id": parent_id})


async def add_user(hub: Hub, team_id: UUID | None = None) -> UUID:
    """An active user in the database, so that customers can have it as their owner."""
    return await _add(hub, users, {"team_id": team_id, "email": f"user{next(_numbers)}@example.com", "roles": []})


async def _add(hub: Hub, table: Table, given: Mapping[str, Any]) -> UUID:
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given:
            row[column.name] = given[column.name]
        elif column.name == "id":
            row["id"] = new_id()
        else:
            row[column.name] = None if column.nullable else _default(column.type)
    work = hub.unit_of_work(SYSTEM, "tests")
    work.insert(table, row)
    await work.commit()
    made: UUID = row["id"]
    return made


def _default(kind: object) -> object:
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return 1
    if isinstance(kind, Instant):
        return datetime(2026, 1, 1, tzinfo=UTC)
    return f"made {next(_numbers)}" if isinstance(kind, String) else []
