"""Read statements over external sources."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, func, select

from custhub.features.customers.models import ExternalSourceRow, external_sources
from custhub.kit.followed import Followed
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

_s = external_sources.c
_ALL = select(external_sources).order_by(_s.source).limit(bindparam("limit"))
_FIRST_PAGE = Query(_ALL, ExternalSourceRow._make)
_NEXT_PAGE = Query(_ALL.where(_s.source > bindparam("after")), ExternalSourceRow._make)
_ONE = select(external_sources).where(_s.source == bindparam("source"))
BY_NAME = Query(_ONE, ExternalSourceRow._make)
LOCKED_BY_NAME = Query(_ONE.with_for_update(), ExternalSourceRow._make)


async def page_of_sources(reader: Reader, after: list[str] | None, limit: int) -> Page[ExternalSourceRow]:
    """External sources by name."""
    if after is None:
        rows = await _FIRST_PAGE.all(reader, limit=limit + 1)
    else:
        rows = await _NEXT_PAGE.all(reader, limit=limit + 1, after=after[0])
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].source,))


SourceRanks = Followed[Mapping[str, int]]
_STAMP = Query(
    select(func.count(), func.coalesce(func.sum(_s.revision), 0), func.max(_s.updated_at)).select_from(
        external_sources
    ),
    tuple,
)
_PRIORITIES = Query(select(_s.source, _s.priority), tuple)
IdentitySources = Followed[frozenset[str]]
_PERSONAL = Query(select(_s.source).where(_s.identity == "person"), tuple)


def source_ranks() -> SourceRanks:
    """The priorities of all sources that have one, kept in memory; nothing was read yet."""
    return Followed(_STAMP, _ranks, {})


async def _ranks(reader: Reader) -> Mapping[str, int]:
    return dict(await _PRIORITIES.all(reader))


def identity_sources() -> IdentitySources:
    """The sources one id of which means one person, kept in memory; nothing was read yet."""
    return Followed(_STAMP, personal_sources, frozenset())


async def personal_sources(reader: Reader) -> frozenset[str]:
    """The same, read now."""
    return frozenset(source for (source,) in await _PERSONAL.all(reader))
