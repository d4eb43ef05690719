"""The delivery log: pages, one delivery, its attempts, what a bulk redelivery takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_

from custhub.features.webhooks.models import (
    AttemptRow,
    DeliveryRow,
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
)
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

_d, _a, _e = webhook_deliveries.c, webhook_attempts.c, webhook_endpoints.c


class DeliveryRecord(NamedTuple):
    """A delivery, and whether its endpoint is one that things can be sent to."""

    row: DeliveryRow
    is_sendable: bool


def _record(values: Iterable[Any]) -> DeliveryRecord:
    *row, state, deleted_at = values
    return DeliveryRecord(DeliveryRow._make(row), state == "active" and deleted_at is None)


_BY_ID = (
    select(webhook_deliveries, _e.state, _e.deleted_at)
    .select_from(webhook_deliveries.join(webhook_endpoints, _e.id == _d.endpoint_id))
    .where(_d.id == bindparam("id"))
)
_ONE = Query(_BY_ID, _record)
_LOCKED = Query(_BY_ID.with_for_update(of=webhook_deliveries), _record)
_ATTEMPTS = Query(
    select(webhook_attempts).where(_a.delivery_id == bindparam("id")).order_by(_a.number), AttemptRow._make
)

_FILTERS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "state": lambda: _d.state == bindparam("state"),
    "endpoint": lambda: _d.endpoint_id == bindparam("endpoint", type_=_d.endpoint_id.type),
    "event": lambda: _d.event_id == bindparam("event", type_=_d.event_id.type),
    "type": lambda: _d.event_type == bindparam("type"),
    "since": lambda: _d.created_at >= bindparam("since", type_=_d.created_at.type),
    "until": lambda: _d.created_at < bindparam("until", type_=_d.created_at.type),
}


async def delivery_of(reader: Reader, delivery_id: UUID, *, locking: bool = False) -> DeliveryRecord | None:
    """One delivery."""
    return await (_LOCKED if locking else _ONE).first(reader, id=delivery_id)


async def attempts_of(reader: Reader, delivery_id: UUID) -> list[AttemptRow]:
    """Every attempt of a delivery, first one first."""
    return await _ATTEMPTS.all(reader, id=delivery_id)


class _Deliveries:
    """Pages of the log, newest first: every set of filters is a compiled variant."""

    def __init__(self) -> None:
        self._variants: dict[tuple[Any, ...], Query[DeliveryRow]] = {}

    async def page(
        self, reader: Reader, filters: Mapping[str, Any], after: list[Any] | None, limit: int
    ) -> Page[DeliveryRow]:
        """One page; `after` is the key of the page before."""
        key = (*sorted(filters), after is not None)
        query = self._variants.get(key)
        if query is None:
            query = self._variants[key] = Query(_page(filters, after=after is not None), DeliveryRow._make)
        params = dict(filters)
        if after is not None:
            params |= {"after_at": from_micros(after[0]), "after_id": from_bytes(bytes.fromhex(after[1]))}
        rows = await query.all(reader, **params, limit=limit + 1)
        if len(rows) <= limit:
            return Page(rows)
        last = rows[limit - 1]
        return Page(rows[:limit], (micros(last.created_at), last.id.hex))


DELIVERIES = _Deliveries()


def _page(names: Iterable[str], *, after: bool) -> Select[Any]:
    statement = select(webhook_deliveries).where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        place = tuple_(bindparam("after_at", type_=_d.created_at.type), bindparam("after_id", type_=_d.id.type))
        statement = statement.where(tuple_(_d.created_at, _d.id) < place)
    return statement.order_by(_d.created_at.desc(), _d.id.desc()).limit(bindparam("limit"))


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_redeliverable: dict[tuple[str, ...], Query[UUID]] = {}


async def redeliverable(reader: Reader, filters: Mapping[str, Any], limit: int) -> list[UUID]:
    """Ids of deliveries that meet the filters and whose endpoint is active, oldest first, locked."""
    key = tuple(sorted(filters))
    query = _redeliverable.get(key)
    if query is None:
        statement = (
            select(_d.id)
            .select_from(webhook_deliveries.join(webhook_endpoints, _e.id == _d.endpoint_id))
            .where(
                _e.state == bindparam("active"),
                _e.deleted_at.is_(None),
                *(_FILTERS[name]() for name in key),
            )
            .order_by(_d.created_at, _d.id)
            .limit(bindparam("limit"))
            .with_for_update(of=webhook_deliveries, skip_locked=True)
        )
        query = _redeliverable[key] = Query(statement, _first)
    return await query.all(reader, **filters, active="active", limit=limit)
