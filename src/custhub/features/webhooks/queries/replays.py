"""What a replay reads: the feed from a place on, and what became of its events at one endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, literal_column, select

from custhub.events.outbox import EventRow, events
from custhub.features.webhooks.models import REPLAY_DUE, webhook_deliveries
from custhub.kit.query import Query, Reader, any_of

_v, _d = events.c, webhook_deliveries.c
_ENDPOINT = bindparam("endpoint", type_=_d.endpoint_id.type)


class Place(NamedTuple):
    """A place of the feed."""

    position: int
    occurred_at: datetime


class Known(NamedTuple):
    """A delivery of an event."""

    event_id: UUID
    state: str


_FEED = Query(
    select(events)
    .where(_v.position > bindparam("after"), _v.position <= bindparam("upto"))
    .order_by(_v.position)
    .limit(bindparam("limit")),
    EventRow._make,
)
_PLACE = Query(
    select(_v.position, _v.occurred_at)
    .where(_v.position >= bindparam("position"))
    .order_by(_v.position)
    .limit(literal_column("1")),
    Place._make,
)
_END = Query(select(func.max(_v.position)).where(_v.position.is_not(None)), lambda values: int(next(iter(values)) or 0))
_KNOWN = Query(
    select(_d.event_id, _d.state).where(any_of(_d.event_id, "ids"), _d.endpoint_id == _ENDPOINT), Known._make
)
_WAITING = Query(
    select(_d.id)
    .where(REPLAY_DUE, _d.endpoint_id == _ENDPOINT, _d.replay == bindparam("replay"))
    .limit(bindparam("limit")),
    lambda values: next(iter(values)),
)


async def feed(reader: Reader, after: int, upto: int, limit: int) -> list[EventRow]:
    """The next events behind a position."""
    return await _FEED.all(reader, after=after, upto=upto, limit=limit)


async def place_at(reader: Reader, position: int) -> Place | None:
    """The first event at or behind a position."""
    return await _PLACE.first(reader, position=position)


async def end_of_feed(reader: Reader) -> int:
    """The last position there is."""
    return await _END.first(reader) or 0


async def known_states(reader: Reader, endpoint_id: UUID, event_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The states of all deliveries of these events to an endpoint."""
    found: dict[UUID, set[str]] = {}
    for event_id, state in await _KNOWN.all(reader, endpoint=endpoint_id, ids=list(event_ids)):
        found.setdefault(event_id, set()).add(state)
    return found


async def waiting_replays(reader: Reader, endpoint_id: UUID, replay: int, limit: int) -> list[UUID]:
    """Deliveries of a replay that were not sent yet."""
    return await _WAITING.all(reader, endpoint=endpoint_id, replay=replay, limit=limit)
