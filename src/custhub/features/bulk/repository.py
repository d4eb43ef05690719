"""Saves bulk actions and what became of their customers; forgets them when nobody can undo them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, select, tuple_

from custhub.features.bulk.models import BulkActionRow, BulkCustomerRow, bulk_action_rows, bulk_actions
from custhub.kit.commands import Command
from custhub.kit.db import Database
from custhub.kit.purge import Purge
from custhub.kit.uow import UnitOfWork

_AT_ONCE: Final = 500
_a, _r = bulk_actions.c, bulk_action_rows.c
_OLD = select(_r.bulk_action_id, _r.customer_id).select_from(
    bulk_action_rows.join(bulk_actions, and_(_a.id == _r.bulk_action_id, _a.created_at < bindparam("before")))
)
#: Rows first: those of one action may be a million.
_FORGET: Final = Command(
    delete(bulk_action_rows).where(tuple_(_r.bulk_action_id, _r.customer_id).in_(_OLD.limit(bindparam("rows"))))
)
_OLD_ACTIONS: Final = Purge(bulk_actions, _a.created_at)


class BulkRepository:
    """Bulk actions of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: BulkActionRow) -> None:
        """Store a new one."""
        self._uow.insert(bulk_actions, row)

    def change(self, row: BulkActionRow, values: Mapping[str, Any], *, guard: bool = False) -> BulkActionRow:
        """Store changed columns as the next revision; as a guard, losing it loses the unit of work."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        key: dict[str, Any] = {"id": row.id, "revision": row.revision} if guard else {"id": row.id}
        self._uow.update(bulk_actions, key, values, guard=guard)
        return row._replace(**values)

    def note(self, rows: Sequence[BulkCustomerRow]) -> None:
        """Store what became of customers."""
        self._uow.writes.insert_all(bulk_action_rows, [row._asdict() for row in rows])

    def note_undo(self, row: BulkCustomerRow) -> None:
        """Store what the undo did to one."""
        key = {"bulk_action_id": row.bulk_action_id, "customer_id": row.customer_id}
        self._uow.update(bulk_action_rows, key, {"undo_outcome": row.undo_outcome, "undo_error": row.undo_error})

    def forget(self, customer_id: UUID) -> None:
        """Remove what is kept of a customer."""
        self._uow.delete(bulk_action_rows, {"customer_id": customer_id})


async def forget_before(database: Database, before: datetime) -> int:
    """Delete actions that began before then. How many."""
    while True:
        async with database.transaction() as connection:
            gone = await _FORGET.run(database, connection, before=before, rows=_AT_ONCE)
        if gone < _AT_ONCE:
            return await _OLD_ACTIONS.run(database, before)
        await asyncio.sleep(0)
