"""What duplicates keep of a customer: with whom it was compared, and plans that it stands in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.duplicates.models import bulk_merge_members, duplicates
from custhub.features.duplicates.repository import PARTED_AMONG, DuplicateRepository
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork


class CustomerDuplicates:
    """Pairs and places in plans. They stay with whom they were about."""

    tables = frozenset({duplicates.name, bulk_merge_members.name})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: a score is what the hub concluded from the content of two customers."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: pairs of an absorbed customer are hidden as long as it is absorbed."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved: their pairs are seen again, those among them as told apart."""
        await uow.run(PARTED_AMONG, ids=[target, *joined], now=uow.now)
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """They go."""
        DuplicateRepository(uow).forget(customer_id)
