"""Saved filters that a caller sees: the own ones, and those shared with teams of its reach."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select

from custhub.features.filters.models import FILTER_NAME, SavedFilterRow, saved_filters
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.principal import Principal
from custhub.security.reach import ReachKind

__all__ = ["FILTER_NAME", "SavedFilterRow", "page_of_filters", "visible_filter"]

_c = saved_filters.c
_OWN: ColumnElement[bool] = _c.owner_id == bindparam("owner", type_=_c.owner_id.type)
_VISIBLE = {
    ReachKind.ALL: or_(_OWN, _c.team_id.is_not(None)),
    ReachKind.SCOPED: or_(_OWN, any_of(_c.team_id, "teams")),
}
_ONE = {
    kind: Query(select(saved_filters).where(visible, _c.id == bindparam("id")), SavedFilterRow._make)
    for kind, visible in _VISIBLE.items()
}
_PAGES = {
    kind: Query(
        select(saved_filters)
        .where(visible, _c.id > bindparam("after", type_=_c.id.type))
        .order_by(_c.id)
        .limit(bindparam("limit")),
        SavedFilterRow._make,
    )
    for kind, visible in _VISIBLE.items()
}
_FIRST = bytes(16)


def _caller(who: Principal) -> dict[str, Any]:
    params: dict[str, Any] = {"owner": who.id}
    if who.reach.kind is ReachKind.SCOPED:
        params["teams"] = who.reach.params["reach_teams"]
    return params


async def visible_filter(reader: Reader, who: Principal, filter_id: UUID) -> SavedFilterRow | None:
    """One saved filter, if this caller sees it."""
    return await _ONE[who.reach.kind].first(reader, id=filter_id, **_caller(who))


async def page_of_filters(reader: Reader, who: Principal, after: list[Any] | None, limit: int) -> Page[SavedFilterRow]:
    """Saved filters in the order in which they were made."""
    place = from_bytes(_FIRST if after is None else bytes.fromhex(after[0]))
    rows = await _PAGES[who.reach.kind].all(reader, after=place, limit=limit + 1, **_caller(who))
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))
