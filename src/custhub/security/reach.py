"""Which rows a caller may reach (S-62): part of every compiled statement over rows of customers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import FromClause, bindparam, or_
from sqlalchemy.sql.expression import Select

from custhub.kit.query import REACH, Query, any_of

R = TypeVar("R")


class ReachKind(StrEnum):
    """All rows, or those of one's own, one's teams, one's sources."""

    ALL = "all"
    SCOPED = "scoped"


@dataclass(frozen=True, slots=True)
class Reach:
    """Rows of customers a principal may reach; `params` are bound into scoped statements."""

    kind: ReachKind
    params: Mapping[str, Any] = field(default_factory=dict)

    def covers(self, owner_id: UUID | None, team_id: UUID | None, source: str | None) -> bool:
        """Whether a row with this owner, team and source would be reachable."""
        if self.kind is ReachKind.ALL:
            return True
        return (
            (owner_id is not None and owner_id == self.params["reach_owner"])
            or (team_id is not None and team_id in self.params["reach_teams"])
            or (source is not None and source in self.params["reach_sources"])
        )


ALL_ROWS = Reach(ReachKind.ALL)
_NOBODY = UUID(int=0)


def scoped(owner: UUID | None = None, teams: Iterable[UUID] = (), sources: Iterable[str] = ()) -> Reach:
    """Own rows, rows of these teams, rows of these sources; nothing at all without any of them."""
    return Reach(
        ReachKind.SCOPED,
        {"reach_owner": owner or _NOBODY, "reach_teams": sorted(teams), "reach_sources": sorted(sources)},
    )


class Reachable(Generic[R]):
    """One statement over customers in its reach variants."""

    def __init__(
        self,
        statement: Select[Any],
        customers: FromClause,
        row: Callable[[Iterable[Any]], R],
        *,
        also: Sequence[FromClause] = (),
        wrap: Callable[[Select[Any]], Select[Any]] = lambda statement: statement,
    ) -> None:
        """`also` are further customers of the statement, all of which have to be within reach.

        `wrap` is applied after the reach: an aggregate counts only reachable rows.
        """
        own = [
            or_(
                c.owner_id == bindparam("reach_owner", type_=c.owner_id.type),
                any_of(c.team_id, "reach_teams"),
                any_of(c.source, "reach_sources"),
            )
            for c in (customers.c, *(other.c for other in also))
        ]

        def variant(reached: Select[Any]) -> Query[R]:
            return Query(wrap(reached).execution_options(**{REACH: True}), row)

        self._variants = {ReachKind.ALL: variant(statement), ReachKind.SCOPED: variant(statement.where(*own))}

    def of(self, reach: Reach) -> Query[R]:
        """The variant for this caller; bind `reach.params` with it."""
        return self._variants[reach.kind]
