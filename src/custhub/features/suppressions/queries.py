"""Read statements over the suppression list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select

from custhub.features.suppressions.models import HashRow, SuppressionRow, suppression_hashes, suppressions
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of

_s, _h = suppressions.c, suppression_hashes.c


def _first(row: Iterable[Any]) -> Any:
    return next(iter(row))


_AMONG = Query(select(suppression_hashes).where(any_of(_h.hash, "hashes")), HashRow._make)
_ANY = Query(select(_h.kid).limit(1), _first)
_OF = Query(
    select(suppression_hashes).where(_h.suppression_id == bindparam("suppression_id")).order_by(_h.kid, _h.hash),
    HashRow._make,
)
_BY_ID = Query(select(suppressions).where(_s.id == bindparam("id")), SuppressionRow._make)
_LOCKED = Query(select(suppressions).where(_s.id == bindparam("id")).with_for_update(), SuppressionRow._make)
_FILTERS: Final[Mapping[str, Callable[[], ColumnElement[bool]]]] = {
    "kind": lambda: _s.kind == bindparam("kind"),
    "channel": lambda: _s.channel == bindparam("channel"),
    "live": lambda: _s.lifted_at.is_(None),
    "lifted": lambda: _s.lifted_at.is_not(None),
}
_pages: dict[tuple[frozenset[str], bool], Query[SuppressionRow]] = {}


async def hashes_among(reader: Reader, hashes: Iterable[bytes]) -> list[HashRow]:
    """Those of these hashes that are suppressed."""
    return await _AMONG.all(reader, hashes=list(hashes))


async def is_anybody_suppressed(reader: Reader) -> bool:
    """Whether the list has an entry in force."""
    return await _ANY.first(reader) is not None


async def hashes_of(reader: Reader, suppression_id: UUID) -> list[HashRow]:
    """The hashes of an entry that is in force."""
    return await _OF.all(reader, suppression_id=suppression_id)


async def suppression_by_id(reader: Reader, suppression_id: UUID, *, locking: bool = False) -> SuppressionRow | None:
    """One entry; locked, for a transaction that changes it."""
    return await (_LOCKED if locking else _BY_ID).first(reader, id=suppression_id)


def _statement(names: Iterable[str], *, after: bool) -> Select[Any]:
    statement = select(suppressions).where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        statement = statement.where(_s.id < bindparam("after", type_=_s.id.type))
    return statement.order_by(_s.id.desc()).limit(bindparam("limit"))


async def page_of_suppressions(
    reader: Reader, filters: Mapping[str, Any], after: list[Any] | None, limit: int
) -> Page[SuppressionRow]:
    """One page, newest first; `filters` by name, `live` and `lifted` without a value."""
    key = (frozenset(filters), after is not None)
    query = _pages.get(key)
    if query is None:
        query = _pages[key] = Query(_statement(filters, after=after is not None), SuppressionRow._make)
    params = dict(filters)
    if after is not None:
        params["after"] = from_bytes(bytes.fromhex(after[0]))
    rows = await query.all(reader, **params, limit=limit + 1)
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))
