"""What deliveries keep of a customer: the bodies they sent (E-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.webhooks.models import webhook_deliveries
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork


class CustomerDeliveries:
    """Stored bodies of deliveries. They stay with whom they were about."""

    tables = frozenset({"webhook_deliveries"})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: they repeat what is kept elsewhere."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: a delivery is about the id that it names."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Bodies go. A delivery that still waits is rendered anew, from an event that says no more than that it was."""
        uow.update(webhook_deliveries, {"customer_id": customer_id}, {"body": None})
