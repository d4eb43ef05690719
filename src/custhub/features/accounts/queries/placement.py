"""Whether users, teams, roles and clients are there, and may be given customers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table, bindparam, false, select

from custhub.features.accounts.models import clients, roles, teams, users
from custhub.kit.query import Query, Reader
from custhub.security.reach import Reach, ReachKind


class Placement(NamedTuple):
    """Where a user stands."""

    id: UUID
    team_id: UUID | None


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_USER = Query(
    select(users.c.id, users.c.team_id).where(users.c.id == bindparam("id"), users.c.is_disabled == false()),
    Placement._make,
)
_TEAM = Query(select(teams.c.id).where(teams.c.id == bindparam("id")), _first)


async def reachable_owner(reader: Reader, reach: Reach, user_id: UUID) -> bool:
    """Whether there is such an active user, and the caller may give it customers."""
    user = await _USER.first(reader, id=user_id)
    return user is not None and (user.id == reach.params.get("reach_owner") or reach.covers(None, user.team_id, None))


async def reachable_team(reader: Reader, reach: Reach, team_id: UUID) -> bool:
    """Whether there is such a team, and the caller may give it customers."""
    if reach.kind is ReachKind.SCOPED and team_id not in reach.params["reach_teams"]:
        return False
    return await _TEAM.first(reader, id=team_id) is not None


def _is_there(table: Table) -> Callable[[Reader, Reach, UUID], Awaitable[bool]]:
    query = Query(select(table.c.id).where(table.c.id == bindparam("id")), _first)

    async def is_there(reader: Reader, _: Reach, object_id: UUID) -> bool:
        return await query.first(reader, id=object_id) is not None

    return is_there


#: Whoever may manage one of these may manage all: they belong to no customer.
user_exists, team_exists, role_exists, client_exists = map(_is_there, (users, teams, roles, clients))
