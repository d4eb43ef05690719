"""The bytes of an event, made once for each delivery (E-5, W-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from custhub.events.envelope import envelope, envelope_bytes
from custhub.events.outbox import EventRow
from custhub.features.webhooks.service.access import Renderer, access_of

#: A larger body is sent thin, marked `truncated`.
MAX_BYTES: Final = 20_000


def thin_body(event: EventRow) -> bytes:
    """Ids, revision, names of changed fields, `self` link."""
    return envelope_bytes(event)


async def full_body(event: EventRow, access: Mapping[str, Any], renderers: Mapping[str, Renderer]) -> bytes:
    """The same with the resource as it is now in `data.resource`, where the endpoint's rights show it."""
    renderer = renderers.get(event.subject_type)
    view = None if renderer is None else await renderer(event.subject_id, access_of(access))
    if view is None:
        return thin_body(event)
    body = envelope(event)
    raw = orjson.dumps({**body, "data": {**body["data"], "resource": view}}, option=orjson.OPT_UTC_Z)
    return raw if len(raw) <= MAX_BYTES else orjson.dumps({**body, "truncated": True})
