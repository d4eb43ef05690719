"""Stores merges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from custhub.features.merges.models import MemberRow, MergeRow, merge_members, merges
from custhub.kit.uow import UnitOfWork


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
