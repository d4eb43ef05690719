"""How far customers have moved on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from custhub.features.customers.models import customers
from custhub.kit.query import Query, Reader, any_of


class Standing(NamedTuple):
    """A customer's revision, and when it was erased."""

    id: UUID
    revision: int
    erased_at: datetime | None


_LOCKED = Query(
    select(customers.c.id, customers.c.revision, customers.c.erased_at)
    .where(any_of(customers.c.id, "ids"))
    .order_by(customers.c.id)
    .with_for_update(),
    Standing._make,
    everyone="an undo takes back what its import made, wherever it has gone since; nothing of it is shown",
)


async def revisions_of(reader: Reader, ids: Sequence[UUID]) -> list[Standing]:
    """These customers, locked until the end of the transaction."""
    return await _LOCKED.all(reader, ids=list(ids))
