"""Deliveries of new events, in the transaction that gives them their position (E-6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from custhub.events.outbox import EventRow
from custhub.features.webhooks.models import DeliveryRow, EndpointRow
from custhub.features.webhooks.queries import all_endpoints
from custhub.features.webhooks.repository import InTransaction, add_deliveries
from custhub.features.webhooks.rules import Bulk, DeliveryState, EndpointState, Selection
from custhub.features.webhooks.service.parts import WebhookParts
from custhub.kit.db import TransactionConnection
from custhub.kit.db_clock import database_now
from custhub.kit.ids import new_id


def selection_of(row: EndpointRow) -> Selection:
    """What an endpoint hears of."""
    chosen = row.filter
    return Selection(
        patterns=tuple(row.event_types),
        fields=frozenset(chosen["fields"]),
        actor_kinds=frozenset(chosen["actor_kinds"]),
        ignored_actors=frozenset(UUID(text) for text in chosen["ignored_actors"]),
        summary_only=row.bulk == Bulk.SUMMARY,
    )


def delivery_of_event(
    event: EventRow, endpoint_id: UUID, now: datetime, *, replay: int = 0, state: DeliveryState = DeliveryState.PENDING
) -> DeliveryRow:
    """A delivery that has not been tried."""
    waits = state is DeliveryState.PENDING
    return DeliveryRow(
        id=new_id(),
        endpoint_id=endpoint_id,
        event_id=event.id,
        replay=replay,
        event_type=event.type,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        subject_revision=event.subject_revision,
        customer_id=event.customer_id,
        position=event.position or 0,
        occurred_at=event.occurred_at,
        state=state.value,
        attempts=0,
        tries=0,
        next_attempt_at=now if waits else None,
        lease_token=None,
        lease_until=None,
        body=None,
        last_status=None,
        last_error=None,
        created_at=now,
        updated_at=now,
        finished_at=None if waits else now,
    )


class DeliveryFanOut:
    """Adds one delivery for each event and endpoint that selects it."""

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts
        self._selections: dict[UUID, tuple[int, Selection]] = {}

    async def spread(self, connection: TransactionConnection, events: Sequence[EventRow]) -> None:
        """Take these events. Endpoints are read in the same transaction: none that just changed is missed."""
        parts = self._parts
        endpoints = await all_endpoints(InTransaction(parts.database, connection))
        if not endpoints:
            return
        chosen = [(row, self._selection(row)) for row in endpoints]
        now = await database_now(connection, parts.clock)
        rows = [
            delivery_of_event(event, row.id, now, state=_state_for(row))
            for event in events
            for row, selection in chosen
            if selection.takes(event)
        ]
        if rows:
            await add_deliveries(connection, rows)
            parts.wake.set()

    def _selection(self, row: EndpointRow) -> Selection:
        known = self._selections.get(row.id)
        if known is None or known[0] != row.revision:
            known = self._selections[row.id] = (row.revision, selection_of(row))
        return known[1]


def _state_for(row: EndpointRow) -> DeliveryState:
    # What arrives while an endpoint is disabled is recorded, so that a replay finds it (W-10).
    return DeliveryState.PENDING if row.state == EndpointState.ACTIVE else DeliveryState.SKIPPED
