"""What imports keep of a customer: what it was before they changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.features.imports.models import import_images
from custhub.features.imports.repository import ImportRepository
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork


class CustomerImportImages:
    """Images of imports. They stay with whom they were about."""

    tables = frozenset({import_images.name})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: what was changed is in the history of the customer."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: an image is of the id that it names, sealed under its key."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """They go."""
        ImportRepository(uow).forget_customer(customer_id)
