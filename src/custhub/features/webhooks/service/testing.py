"""A ping to an endpoint, at once, outside the log (W-11)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from custhub.events.envelope import envelope_bytes
from custhub.events.outbox import EventRow
from custhub.features.webhooks.errors import WebhookEndpointNotFound
from custhub.features.webhooks.events import WebhookEndpointPinged
from custhub.features.webhooks.models import AttemptRow
from custhub.features.webhooks.queries import endpoint_of, secrets_of
from custhub.features.webhooks.rules import key_of
from custhub.features.webhooks.service.parts import WebhookParts
from custhub.features.webhooks.service.transport import Letter
from custhub.kit.db_clock import database_now
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import Actor, Note

_FIRST: Final = 1


async def ping(parts: WebhookParts, endpoint_id: UUID, actor: Actor, request_id: str) -> AttemptRow:
    """Send a `webhook_endpoint.ping` and tell how it went. Nothing is held open meanwhile.

    Raises WebhookEndpointNotFound.
    """
    record = await endpoint_of(parts.database, endpoint_id)
    if record is None:
        raise WebhookEndpointNotFound
    now = await database_now(parts.database, parts.clock)
    keys = [key_of(await parts.open(row)) for row in await secrets_of(parts.database, endpoint_id, now)]
    event = _event(endpoint_id, record.row.revision, actor, request_id, parts)
    letter = Letter(
        url=record.row.url,
        event_id=to_text(Prefix.EVENT, event.id),
        delivery_id=to_text(Prefix.DELIVERY, new_id()),
        attempt=_FIRST,
        replay=0,
        body=envelope_bytes(event),
    )
    sent = await parts.transport.send(letter, keys, now)
    uow = parts.open_unit_of_work(actor, request_id)
    outcome = "done" if sent.error is None else "failed"
    uow.audit(Note("webhook_endpoint.tested", "webhook_endpoint", endpoint_id, outcome=outcome))
    await uow.commit()
    return AttemptRow(
        delivery_id=endpoint_id,
        number=_FIRST,
        at=now,
        duration_ms=sent.duration_ms,
        status=sent.status,
        error=None if sent.error is None else sent.error.value,
        address=sent.address,
        excerpt=sent.excerpt,
        is_withheld=sent.is_withheld,
    )


def _event(endpoint_id: UUID, revision: int, actor: Actor, request_id: str, parts: WebhookParts) -> EventRow:
    ping = WebhookEndpointPinged(endpoint_id, revision)
    return EventRow(
        id=new_id(),
        type=ping.type,
        schema_version=ping.schema_version,
        occurred_at=parts.clock.now(),
        subject_type=ping.subject_type,
        subject_id=endpoint_id,
        subject_revision=revision,
        customer_id=None,
        actor_kind=actor.kind,
        actor_id=actor.id,
        request_id=request_id,
        data=ping.data(),
    )
