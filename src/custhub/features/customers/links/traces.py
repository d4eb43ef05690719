"""What requests and events left of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.events.outbox import events
from custhub.http.idempotency import idempotency_keys
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_EMPTY: Final = ""


class CustomerTraces:
    """What requests and events left behind: stored answers and event bodies. They stay with whom they were about."""

    tables = frozenset({"idempotency_keys", "events"})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: they repeat what is kept elsewhere."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: an answer or event is about the id that it names."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Bodies are emptied: a replay answers 410, an event says no more than that it was (contract_d3, E-5)."""
        answer = {"status": 0, "media_type": _EMPTY, "location": None, "body": b""}
        uow.update(idempotency_keys, {"customer_id": customer_id}, answer)
        uow.update(events, {"customer_id": customer_id}, {"data": {}})
