"""Warns owners of failing endpoints, disables those that fail for good, closes deliveries that wait in vain (W-5)."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final
from uuid import UUID

from custhub.features.webhooks.events import WebhookEndpointDisabled
from custhub.features.webhooks.models import EndpointRow
from custhub.features.webhooks.queries import count_disabled, failing_endpoints
from custhub.features.webhooks.queries.lanes import count_pending, lane_of, stranded
from custhub.features.webhooks.repository import WebhookRepository, skip
from custhub.features.webhooks.rules import DisabledReason, EndpointState
from custhub.features.webhooks.rules.health import WARN_AFTER
from custhub.features.webhooks.service.parts import Notice, WebhookParts, health_of
from custhub.kit.db_clock import database_now
from custhub.kit.uow import SYSTEM, Note, UnitOfWork
from custhub.kit.writes import LostRace

_REQUEST_ID: Final = "webhooks"
_ROWS: Final = 200
_TRIES: Final = 3


def disable_endpoint(uow: UnitOfWork, row: EndpointRow, reason: DisabledReason) -> EndpointRow:
    """Send nothing any more; event and audit entry say why."""
    values = {"state": EndpointState.DISABLED.value, "disabled_reason": reason.value, "disabled_at": uow.now}
    row = WebhookRepository(uow).change(row, values)
    uow.emit(WebhookEndpointDisabled(row.id, row.revision, extra={"reason": reason.value}))
    uow.audit(Note("webhook_endpoint.disabled", "webhook_endpoint", row.id, fields=["state"], reason=reason.value))
    return row


class EndpointWatch:
    """Looks after endpoints beside requests; every process may."""

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts

    async def look(self) -> None:
        """Once: warn, disable, skip, measure."""
        database = self._parts.database
        now = await database_now(database, self._parts.clock)
        for record in await failing_endpoints(database, now - WARN_AFTER):
            await self.judge(record.row.id, now)
        while ids := await stranded(database, _ROWS):
            await skip(database, ids, now)
            await asyncio.sleep(0)
        metrics = self._parts.metrics
        metrics.disabled.set(await count_disabled(database))
        metrics.pending.set(await count_pending(database))

    async def judge(self, endpoint_id: UUID, now: datetime) -> None:
        """Warn or disable, if it is time."""
        for _ in range(_TRIES):
            uow = self._locked()
            try:
                await self._judge(uow, endpoint_id, now)
            except LostRace:
                await uow.rollback()
            else:
                return

    async def gone(self, endpoint_id: UUID) -> None:
        """It answered 410: disable it at once."""
        for _ in range(_TRIES):
            uow = self._locked()
            try:
                record = await lane_of(uow, endpoint_id)
                if record is not None and record.row.state == EndpointState.ACTIVE:
                    await self._disable(uow, record.row, DisabledReason.GONE)
                await uow.commit()
            except LostRace:
                await uow.rollback()
            else:
                return

    async def _judge(self, uow: UnitOfWork, endpoint_id: UUID, now: datetime) -> None:
        record = await lane_of(uow, endpoint_id)
        if record is not None and record.row.state == EndpointState.ACTIVE:
            health = health_of(record.health)
            if health.is_to_disable(now):
                await self._disable(uow, record.row, DisabledReason.FAILING)
            elif health.is_to_warn(now):
                WebhookRepository(uow).warned(endpoint_id, now)
                await self._notify(uow, record.row, "failing")
        await uow.commit()

    async def _disable(self, uow: UnitOfWork, row: EndpointRow, reason: DisabledReason) -> None:
        await self._notify(uow, disable_endpoint(uow, row, reason), "disabled")

    async def _notify(self, uow: UnitOfWork, row: EndpointRow, notice: Notice) -> None:
        if self._parts.notify is not None and row.owner_id is not None:
            await self._parts.notify(uow, row.owner_id, notice, row)

    def _locked(self) -> UnitOfWork:
        uow = self._parts.open_unit_of_work(SYSTEM, _REQUEST_ID)
        # The health is locked while it is judged: two processes do not write to the owner twice.
        uow.locking = True
        return uow
