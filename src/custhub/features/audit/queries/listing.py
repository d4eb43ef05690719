"""Pages of entries, newest first: every set of filters is a compiled variant, built when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, select, tuple_

from custhub.features.audit.models import AuditEntry, audit_chain, audit_entries
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

#: Names of filters with their values; only those that are asked for.
AuditFilters = Mapping[str, Any]

_e = audit_entries.c
_DONE = "done"
_FILTERS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "actor_id": lambda: _e.actor_id == bindparam("actor_id"),
    "action": lambda: _e.action == bindparam("action"),
    "customer_id": lambda: _e.customer_id == bindparam("customer_id"),
    "object_type": lambda: _e.object_type == bindparam("object_type"),
    "at_gte": lambda: _e.at >= bindparam("at_gte"),
    "at_lt": lambda: _e.at < bindparam("at_lt"),
    "outcome": lambda: _e.outcome == bindparam("outcome"),
    # Said again as a constant, or the planner cannot take the index of those that are not done.
    "outcome_not_done": lambda: and_(
        _e.outcome == bindparam("outcome_not_done"), literal_column("audit_entries.outcome <> 'done'")
    ),
}
_pages: dict[tuple[frozenset[str], bool], Query[AuditEntry]] = {}


class SealedEntry(NamedTuple):
    """An entry and its place in the chain; None until the relay has sealed it."""

    entry: AuditEntry
    seq: int | None
    sealed_at: datetime | None


def _sealed(values: Iterable[Any]) -> SealedEntry:
    *entry, seq, sealed_at = values
    return SealedEntry(AuditEntry._make(entry), seq, sealed_at)


_BY_ID = Query(
    select(audit_entries, audit_chain.c.seq, audit_chain.c.sealed_at)
    .select_from(audit_entries.outerjoin(audit_chain, audit_chain.c.entry_id == _e.id))
    .where(_e.id == bindparam("id")),
    _sealed,
)


async def entry_of(reader: Reader, entry_id: UUID) -> SealedEntry | None:
    """One entry."""
    return await _BY_ID.first(reader, id=entry_id)


def _statement(names: Iterable[str], *, after: bool) -> Select[Any]:
    statement = select(audit_entries).where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        position = tuple_(bindparam("after_at", type_=_e.at.type), bindparam("after_id", type_=_e.id.type))
        statement = statement.where(tuple_(_e.at, _e.id) < position)
    return statement.order_by(_e.at.desc(), _e.id.desc()).limit(bindparam("limit"))


async def page_of_entries(
    reader: Reader, filters: AuditFilters, after: list[Any] | None, limit: int
) -> Page[AuditEntry]:
    """One page; `after` is the key of the last entry of the page before, as `Page.after` gave it."""
    params = dict(filters)
    if params.get("outcome", _DONE) != _DONE:
        params["outcome_not_done"] = params.pop("outcome")
    key = (frozenset(params), after is not None)
    query = _pages.get(key)
    if query is None:
        query = _pages[key] = Query(_statement(params, after=after is not None), AuditEntry._make)
    if after is not None:
        params["after_at"] = from_micros(after[0])
        params["after_id"] = from_bytes(bytes.fromhex(after[1]))
    entries = await query.all(reader, **params, limit=limit + 1)
    if len(entries) <= limit:
        return Page(entries)
    last = entries[limit - 1]
    return Page(entries[:limit], (micros(last.at), last.id.hex))


async def page_of_history(reader: Reader, customer_id: UUID, after: list[Any] | None, limit: int) -> Page[AuditEntry]:
    """What was done to one customer, newest first. Whether the caller may reach it is the caller's to check."""
    return await page_of_entries(reader, {"customer_id": customer_id}, after, limit)
