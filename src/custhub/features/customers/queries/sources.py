"""Read statements over external sources."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from custhub.features.customers.models import ExternalSourceRow, external_sources
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
