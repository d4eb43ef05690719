"""What the sender reads: which endpoints have work, and inside a lane's transaction what it may take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnClause, Select, and_, bindparam, case, exists, func, literal_column, or_, select

from custhub.events.outbox import EventRow, events
from custhub.features.webhooks.models import (
    LIVE_DUE,
    REPLAY_DUE,
    SENDING,
    DeliveryRow,
    webhook_deliveries,
    webhook_endpoints,
    webhook_health,
)
from custhub.features.webhooks.queries.endpoints import RECORD, EndpointRecord, make_record
from custhub.features.webhooks.rules.health import PROBING_AFTER
from custhub.kit.query import Query, Reader, any_of

_e, _h, _d = webhook_endpoints.c, webhook_health.c, webhook_deliveries.c
_WIDTH = len(DeliveryRow._fields)
_ONE: ColumnClause[int] = literal_column("1")
_NOW = bindparam("now", type_=_d.next_attempt_at.type)
_ENDPOINT = bindparam("endpoint", type_=_d.endpoint_id.type)


class Due(NamedTuple):
    """An endpoint with something to send; `failures` in a row tell how far it can be trusted."""

    endpoint_id: UUID
    failures: int


class Taken(NamedTuple):
    """A delivery with its event; None when the feed has forgotten it."""

    row: DeliveryRow
    event: EventRow | None


class Held(NamedTuple):
    """What the record of an attempt needs to know of its delivery."""

    id: UUID
    lease_token: UUID | None
    tries: int


class InFlight(NamedTuple):
    """How many deliveries of an endpoint are claimed, and how many others were, under leases that ran out."""

    total: int
    expired: int


def _taken(values: Iterable[Any]) -> Taken:
    values = list(values)
    event = values[_WIDTH:]
    return Taken(DeliveryRow._make(values[:_WIDTH]), None if event[0] is None else EventRow._make(event))


def _some(condition: Any, *more: Any) -> Any:
    found: Select[Any] = select(_ONE).where(_d.endpoint_id == _e.id, condition, *more)
    return exists(found.correlate(webhook_endpoints))


# Only what can be sent is looked at: one probe of an index for each endpoint, however much waits.
_DUE = Query(
    select(_e.id, _h.failures)
    .select_from(webhook_endpoints.join(webhook_health, _h.endpoint_id == _e.id))
    .where(
        _e.state == bindparam("active"),
        _e.deleted_at.is_(None),
        or_(_h.failures < PROBING_AFTER, _h.probe_at.is_(None), _h.probe_at <= _NOW),
        or_(
            _some(LIVE_DUE, _d.next_attempt_at <= _NOW),
            _some(REPLAY_DUE, _d.next_attempt_at <= _NOW),
            _some(SENDING, _d.lease_until <= _NOW),
        ),
    )
    .order_by(_e.id),
    Due._make,
)

#: Locks the health of the endpoint: lanes of several processes take turns at one endpoint.
_LANE = Query(RECORD.where(_e.id == _ENDPOINT).with_for_update(of=webhook_health), make_record)

_HELD = Query(
    select(_d.id, _d.lease_token, _d.tries).where(any_of(_d.id, "ids"), SENDING).with_for_update(of=webhook_deliveries),
    Held._make,
)
_IN_FLIGHT = Query(
    select(func.count(case((_d.lease_until > _NOW, _ONE))), func.count(case((_d.lease_until <= _NOW, _ONE)))).where(
        SENDING, _d.endpoint_id == _ENDPOINT
    ),
    InFlight._make,
)

_joined = select(webhook_deliveries, events).select_from(
    webhook_deliveries.outerjoin(events, events.c.id == _d.event_id)
)
_earlier = webhook_deliveries.alias("earlier")
_is_first = ~exists(
    select(_ONE)
    .where(
        literal_column("earlier.state IN ('pending', 'sending')"),
        _earlier.c.endpoint_id == _d.endpoint_id,
        _earlier.c.subject_id == _d.subject_id,
        or_(
            _earlier.c.position < _d.position,
            # A replay of the same event waits for the first delivery of it.
            and_(_earlier.c.position == _d.position, _earlier.c.replay < _d.replay),
        ),
    )
    .correlate(webhook_deliveries)
)


def _due(condition: Any, *, in_order: bool) -> Query[Taken]:
    statement = _joined.where(_d.endpoint_id == _ENDPOINT, condition, _d.next_attempt_at <= _NOW)
    if in_order:
        statement = statement.where(_is_first)
    return Query(
        statement.order_by(_d.next_attempt_at, _d.position)
        .limit(bindparam("limit"))
        .with_for_update(of=webhook_deliveries, skip_locked=True),
        _taken,
    )


_LIVE = {in_order: _due(LIVE_DUE, in_order=in_order) for in_order in (False, True)}
_REPLAYS = {in_order: _due(REPLAY_DUE, in_order=in_order) for in_order in (False, True)}
_ABANDONED = Query(
    _joined.where(_d.endpoint_id == _ENDPOINT, SENDING, _d.lease_until <= _NOW)
    .order_by(_d.lease_until)
    .limit(bindparam("limit"))
    .with_for_update(of=webhook_deliveries, skip_locked=True),
    _taken,
)
_STRANDED = Query(
    select(_d.id)
    .where(
        literal_column("webhook_deliveries.state = 'pending'"),
        _d.endpoint_id.in_(select(_e.id).where(or_(_e.state != bindparam("active"), _e.deleted_at.is_not(None)))),
    )
    .limit(bindparam("limit")),
    lambda values: next(iter(values)),
)
_WAITING = (
    select(_ONE)
    .select_from(webhook_deliveries)
    .where(literal_column("webhook_deliveries.state = 'pending'"))
    .limit(literal_column("100000"))
)
_SAMPLE = Query(select(func.count()).select_from(_WAITING.subquery()), lambda values: int(next(iter(values))))


async def due_endpoints(reader: Reader, now: Any) -> list[Due]:
    """Active endpoints with something to send now."""
    return await _DUE.all(reader, active="active", now=now)


async def lane_of(reader: Reader, endpoint_id: UUID) -> EndpointRecord | None:
    """An endpoint with its health locked until the transaction ends."""
    return await _LANE.first(reader, endpoint=endpoint_id)


async def held(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Held]:
    """Those of these deliveries that are still being sent, locked."""
    return {row.id: row for row in await _HELD.all(reader, ids=list(ids))}


async def in_flight(reader: Reader, endpoint_id: UUID, now: Any) -> InFlight:
    """What is claimed at an endpoint, in every process."""
    return await _IN_FLIGHT.first(reader, endpoint=endpoint_id, now=now) or InFlight(0, 0)


async def abandoned(reader: Reader, endpoint_id: UUID, now: Any, limit: int) -> list[Taken]:
    """Deliveries whose sender died: their leases ran out."""
    return await _ABANDONED.all(reader, endpoint=endpoint_id, now=now, limit=limit)


async def due(reader: Reader, endpoint_id: UUID, now: Any, limit: int, *, replays: bool, in_order: bool) -> list[Taken]:
    """What may be sent to an endpoint now, most overdue first."""
    query = (_REPLAYS if replays else _LIVE)[in_order]
    return await query.all(reader, endpoint=endpoint_id, now=now, limit=limit)


async def stranded(reader: Reader, limit: int) -> list[UUID]:
    """Deliveries that wait for endpoints nothing is sent to any more."""
    return await _STRANDED.all(reader, active="active", limit=limit)


async def count_pending(reader: Reader) -> int:
    """How many deliveries wait, counted up to 100,000."""
    return await _SAMPLE.first(reader) or 0
