"""Stores merges, and joins customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update

from custhub.features.customers.models import customers
from custhub.features.merges.models import MemberRow, MergeRow, merge_members, merges
from custhub.kit.commands import Command
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace

_c = customers.c
#: Archived at the same moment: whatever looks for live customers passes them by.
_ABSORB = Command(
    update(customers)
    .where(any_of(_c.id, "ids"), _c.merged_into.is_(None), _c.archived_at.is_(None), _c.erased_at.is_(None))
    .values(
        merged_into=bindparam("survivor_id", type_=_c.merged_into.type),
        archived_at=bindparam("now", type_=_c.archived_at.type),
        updated_at=bindparam("now", type_=_c.updated_at.type),
        revision=_c.revision + 1,
    )
)


class MergeRepository:
    """Merges, inside a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def absorb(self, ids: Sequence[UUID], survivor_id: UUID) -> None:
        """These locked customers are the survivor from now on."""
        count = await self._uow.run(_ABSORB, ids=list(ids), survivor_id=survivor_id, now=self._uow.now)
        if count != len(ids):
            raise LostRace

    def add(self, row: MergeRow, members: Sequence[MemberRow]) -> None:
        """Store a merge with all that took part."""
        self._uow.insert(merges, row)
        self._uow.writes.insert_all(merge_members, [member._asdict() for member in members])

    def change(self, row: MergeRow, values: Mapping[str, Any]) -> MergeRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(merges, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)
