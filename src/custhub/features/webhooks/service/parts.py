"""What the use cases of webhooks share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol
from uuid import UUID

from custhub.crypto.columns import Sealed
from custhub.crypto.system import SystemVault
from custhub.features.webhooks.models import EndpointRow, HealthRow, SecretRow
from custhub.features.webhooks.rules import Health
from custhub.features.webhooks.service.access import Renderer
from custhub.features.webhooks.service.metrics import WebhookMetrics
from custhub.features.webhooks.service.transport import Transport
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.egress_policy import EgressPolicy
from custhub.kit.uow import Actor, UnitOfWork

#: Name among the parts of a hub.
WEBHOOKS: Final = "webhooks"

OpenUnitOfWork = Callable[[Actor, str], UnitOfWork]
Notice = Literal["failing", "disabled"]


class Notify(Protocol):
    """Tells the owner of an endpoint; messages implement it."""

    async def __call__(self, uow: UnitOfWork, owner_id: UUID, notice: Notice, endpoint: EndpointRow) -> None:
        """Queue a message in this unit of work."""


def health_of(row: HealthRow) -> Health:
    """How an endpoint is doing."""
    return Health(row.failures, row.failing_since, row.failed_at, row.succeeded_at, row.probe_at, row.warned_at)


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """The parts of one process. `renderers` show resources by subject type."""

    database: Database
    clock: Clock
    policy: EgressPolicy
    vault: SystemVault
    transport: Transport
    metrics: WebhookMetrics
    open_unit_of_work: OpenUnitOfWork
    renderers: Mapping[str, Renderer] = field(default_factory=dict)
    notify: Notify | None = None
    #: Set when there may be something to send.
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def seal(self, secret_id: UUID, text: str) -> Sealed:
        """A secret as it is stored (W-2)."""
        return await self.vault.seal("webhook_secrets", "secret", secret_id, text.encode())

    async def open(self, row: SecretRow) -> str:
        """A secret in clear. Raises IntegrityError, KeyUnavailable."""
        return (await self.vault.open("webhook_secrets", "secret", row.id, row.secret)).decode()
