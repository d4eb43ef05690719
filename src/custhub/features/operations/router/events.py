"""Routes of the feed: read it, know its types, compare a copy with it. Nothing here writes."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.events.catalogue import types
from custhub.events.envelope import envelope
from custhub.features.operations.deps.events import CanRead
from custhub.features.operations.errors.events import CursorExpired, EpochChanged
from custhub.features.operations.schemas.events import (
    ChecksumQuery,
    EventChecksumRead,
    EventListQuery,
    EventPage,
    EventTypePage,
    checksum_view,
    type_view,
)
from custhub.features.operations.service.events import feed_state, read_feed
from custhub.http.answers import ok, page
from custhub.http.deps import TheCall
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/events", "events")
types_router = hub_router("/v1/event-types", "events")


@router.get("", response_model=EventPage, responses=problems(CursorExpired, EpochChanged))
async def list_events(
    request: Request, query: Annotated[EventListQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """Read the feed of events, oldest first, without a gap.

    Without a cursor it begins at the start: the last event of every live subject and of each that is gone, then all of
    the last 30 days. Go on with `next_cursor`, which is never null: at the end `has_more` is false, and the same cursor
    finds what comes later. A copy can be rebuilt from it and then followed; `/v1/events/checksum` tells whether it
    holds.
    """
    asked = query.types()
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "events", asked])
    found = await read_feed(call.hub.database, cursors, query.cursor, asked, query.limit)
    url = None
    if found.has_more:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/events?{urlencode([*kept, ('cursor', found.next_cursor)])}"
    return page([envelope(row) for row in found.events], found.next_cursor, url, has_more=found.has_more)


@router.get("/checksum", response_model=EventChecksumRead)
async def get_event_checksum(query: Annotated[ChecksumQuery, Query()], _: CanRead, call: TheCall) -> Response:
    """Get the checksum over all live subjects of a type, to compare a copy with.

    It belongs to `position`: compare when your copy has followed the feed up to there.
    """
    return ok(checksum_view(query.type, await feed_state(call.hub.database, query.type)))


@types_router.get("", response_model=EventTypePage)
async def list_event_types(_: CanRead) -> Response:
    """List every type of event with the JSON Schema of its data and an example."""
    return page([type_view(kind) for kind in types()], None)
