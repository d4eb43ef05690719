"""Stores merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update

from custhub.features.merges.models import MemberRow, MergeRow, merge_members, merges
from custhub.kit.commands import Command
from custhub.kit.uow import UnitOfWork

#: What rows of others were, whom an erased survivor had absorbed: tags of the survivor are among it.
_FORGET = Command(
    update(merge_members)
    .where(
        merge_members.c.merge_id.in_(
            select(merges.c.id).where(merges.c.survivor_id == bindparam("survivor_id", type_=merges.c.survivor_id.type))
        )
    )
    .values(moved=bindparam("nothing", type_=merge_members.c.moved.type))
)


async def forget_customer(uow: UnitOfWork, customer_id: UUID) -> None:
    """Drop what merges keep of a customer but that it took part."""
    uow.update(merges, {"survivor_id": customer_id}, {"plan": None, "outcome": None})
    uow.update(merge_members, {"customer_id": customer_id}, {"image": None, "moved": {}})
    await uow.flush()
    await uow.run(_FORGET, survivor_id=customer_id, nothing={})


class MergeRepository:
    """Merges, inside a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: MergeRow, members: Sequence[MemberRow]) -> None:
        """Store a merge with all that took part."""
        self._uow.insert(merges, row)
        self._uow.writes.insert_all(merge_members, [member._asdict() for member in members])

    def change(self, row: MergeRow, values: Mapping[str, Any]) -> MergeRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(merges, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)
