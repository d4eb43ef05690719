"""Sending again what was given up, skipped or delivered (W-9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.webhooks.errors import (
    WebhookDeliveryInProgress,
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
)
from custhub.features.webhooks.models import DeliveryRow
from custhub.features.webhooks.queries import delivery_of, redeliverable
from custhub.features.webhooks.repository import WebhookRepository
from custhub.features.webhooks.rules import DeliveryState
from custhub.features.webhooks.service.parts import WebhookParts
from custhub.kit.db_clock import database_now
from custhub.kit.uow import Note, UnitOfWork

#: One call takes so many: on the embedded database the loop waits.
AT_ONCE: Final = 500


class Redelivered(NamedTuple):
    """How many a bulk redelivery took, and whether there may be more."""

    number: int
    has_more: bool


class Deliveries:
    """Use cases of the delivery log."""

    def __init__(self, uow: UnitOfWork, parts: WebhookParts) -> None:
        self._uow = uow
        self._parts = parts
        self._repository = WebhookRepository(uow)

    async def redeliver(self, delivery_id: UUID) -> DeliveryRow:
        """Put one at the start of its schedule, with the same id and bytes.

        Raises WebhookDeliveryNotFound, WebhookEndpointDisabled, WebhookDeliveryInProgress.
        """
        record = await delivery_of(self._uow, delivery_id)
        if record is None:
            raise WebhookDeliveryNotFound
        if not record.is_sendable:
            raise WebhookEndpointDisabled
        now = await database_now(self._uow, self._parts.clock)
        if not await self._repository.send_again([delivery_id], now):
            raise WebhookDeliveryInProgress
        self._uow.audit(Note("webhook_delivery.redelivered", "webhook_delivery", delivery_id))
        self._parts.wake.set()
        return record.row._replace(
            state=DeliveryState.PENDING.value, tries=0, next_attempt_at=now, updated_at=now, finished_at=None
        )

    async def redeliver_many(self, filters: Mapping[str, Any]) -> Redelivered:
        """The oldest ones that meet the filters, as many as one call takes."""
        now = await database_now(self._uow, self._parts.clock)
        await self._uow.flush()
        ids = await redeliverable(self._uow, filters, AT_ONCE + 1)
        taken = await self._repository.send_again(ids[:AT_ONCE], now) if ids else []
        reason = f"state={filters['state']} count={len(taken)}"
        self._uow.audit(Note("webhook_delivery.redelivered", "webhook_delivery", None, reason=reason))
        self._parts.wake.set()
        return Redelivered(len(taken), len(ids) > AT_ONCE)
