"""What bulk actions keep of a customer: that it was among theirs, and what they replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.bulk.repository import BulkRepository
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork


class CustomerBulkRows:
    """Rows of bulk actions. They stay with whom they were about."""

    tables = frozenset({"bulk_action_rows"})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: what was changed is in the history of the customer."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: a row is about the id that it names."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """They go."""
        BulkRepository(uow).forget(customer_id)
