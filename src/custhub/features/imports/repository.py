"""Imports, their batches and mapping profiles, as one unit of work changes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from custhub.features.imports.errors import ImportNotFound, MappingNotFound
from custhub.features.imports.models import (
    MAPPING_NAME,
    BatchRow,
    ImportRow,
    MappingRow,
    import_batches,
    import_mappings,
    imports,
)
from custhub.features.imports.queries import IMPORT, IMPORT_LOCKED, find_mapping
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork


class ImportRepository:
    """Imports of anybody."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def get(self, import_id: UUID) -> ImportRow:
        """One import. Raises ImportNotFound."""
        row = await (IMPORT_LOCKED if self._uow.locking else IMPORT).first(self._uow, id=import_id)
        if row is None:
            raise ImportNotFound
        return row

    def add(self, row: ImportRow) -> None:
        """Store a new import."""
        self._uow.insert(imports, row)

    def change(self, row: ImportRow, values: Mapping[str, Any]) -> ImportRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(imports, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def add_batch(self, row: BatchRow) -> None:
        """Store what became of some rows."""
        self._uow.insert(import_batches, row)

    def move_batch(self, row: BatchRow, outcomes: bytes) -> None:
        """Note what has become of the same rows since."""
        self._uow.update(import_batches, {"import_id": row.import_id, "first": row.first}, {"outcomes": outcomes})


class MappingRepository:
    """Mapping profiles."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def get(self, mapping_id: UUID) -> MappingRow:
        """One profile. Raises MappingNotFound."""
        row = await find_mapping(self._uow, mapping_id)
        if row is None:
            raise MappingNotFound
        return row

    def add(self, row: MappingRow, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store a new profile; `explain` is asked when its name is taken."""
        self._uow.insert(import_mappings, row)
        self._uow.on_violation(MAPPING_NAME, explain)

    def change(
        self, row: MappingRow, values: Mapping[str, Any], explain: Callable[[], Awaitable[HubError]]
    ) -> MappingRow:
        """Store changed columns as the next revision."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(import_mappings, {"id": row.id, "revision": row.revision}, values, guard=True)
        self._uow.on_violation(MAPPING_NAME, explain)
        return row._replace(**values)

    def remove(self, row: MappingRow) -> None:
        """Forget a profile. Imports that were made with it keep their mapping."""
        self._uow.delete(import_mappings, {"id": row.id})
