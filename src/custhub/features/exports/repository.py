"""Saves exports inside a unit of work; forgets them after a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from custhub.features.exports.models import ExportPartRow, ExportRow, export_parts, exports
from custhub.kit.purge import Purge
from custhub.kit.uow import UnitOfWork

#: Who exported what is kept for this long; the file goes much earlier.
KEPT: Final = timedelta(days=90)
#: A file is written for less than that before its time begins.
WRITTEN_WITHIN: Final = timedelta(days=1)
OLD_EXPORTS: Final = Purge(exports, exports.c.created_at)
OLD_PARTS: Final = Purge(export_parts, export_parts.c.created_at)


class ExportRepository:
    """Exports of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: ExportRow) -> None:
        """Store a new one."""
        self._uow.insert(exports, row)

    def change(self, row: ExportRow, values: Mapping[str, Any]) -> ExportRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(exports, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def add_parts(self, parts: Sequence[ExportPartRow]) -> None:
        """Store who is in the next pages."""
        self._uow.writes.insert_all(export_parts, [part._asdict() for part in parts])

    def drop_parts(self, export_id: UUID) -> None:
        """Forget who is in it: its file is gone."""
        self._uow.delete(export_parts, {"export_id": export_id})
