"""What merges keep of a customer: what it was before it was joined with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.merges.models import merge_members, merges
from custhub.features.merges.repository import forget_customer
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork


class CustomerMerges:
    """Merges that it took part in. They stay with whom they were about."""

    tables = frozenset({merges.name, merge_members.name})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: what was joined is in the customer, and in its history."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: a merge is of the ids that it names, its images are sealed under their keys."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """What it was goes, and what was decided about it; that it was joined stays."""
        await forget_customer(uow, customer_id)
