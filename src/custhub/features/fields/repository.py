"""Loads and saves field definitions and vocabularies inside a unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from custhub.features.fields.errors import FieldDefinitionNotFound, VocabularyNotFound
from custhub.features.fields.models import (
    FIELD_KEY,
    VOCABULARY_KEY,
    DefinitionRow,
    EntryRow,
    VocabularyChangeRow,
    VocabularyRow,
    field_definitions,
    vocabularies,
    vocabulary_changes,
    vocabulary_entries,
)
from custhub.features.fields.queries import VocabularyRecord, definition_by_id, vocabulary_by_id
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork

Explain = Callable[[], Awaitable[HubError]]


class DefinitionRepository:
    """Field definitions."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def get(self, definition_id: UUID) -> DefinitionRow:
        """One definition. Raises FieldDefinitionNotFound."""
        row = await definition_by_id(self._uow, definition_id, locked=self._uow.locking)
        if row is None:
            raise FieldDefinitionNotFound
        return row

    def add(self, row: DefinitionRow, explain: Explain) -> None:
        """Store a new definition; `explain` is asked when its key is taken."""
        self._uow.insert(field_definitions, row)
        self._uow.on_violation(FIELD_KEY, explain)

    def change(self, row: DefinitionRow, values: Mapping[str, Any]) -> DefinitionRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(field_definitions, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)


class VocabularyRepository:
    """Vocabularies with their entries and history."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def get(self, vocabulary_id: UUID) -> VocabularyRecord:
        """One vocabulary. Raises VocabularyNotFound."""
        record = await vocabulary_by_id(self._uow, vocabulary_id, locked=self._uow.locking)
        if record is None:
            raise VocabularyNotFound
        return record

    def add(self, row: VocabularyRow, explain: Explain) -> None:
        """Store a new vocabulary; `explain` is asked when its key is taken."""
        self._uow.insert(vocabularies, row)
        self._uow.on_violation(VOCABULARY_KEY, explain)

    def add_entry(self, entry: EntryRow) -> None:
        """Store a new entry."""
        self._uow.insert(vocabulary_entries, entry)

    def change_entry(self, entry: EntryRow) -> None:
        """Store a changed entry."""
        key = {"vocabulary_id": entry.vocabulary_id, "key": entry.key}
        values = {name: value for name, value in entry._asdict().items() if name not in key}
        self._uow.update(vocabulary_entries, key, values)

    def touch(self, row: VocabularyRow, values: Mapping[str, Any]) -> VocabularyRow:
        """Store the next revision, with changed columns; the unit of work is lost when it moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(vocabularies, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def tell(self, change: VocabularyChangeRow) -> None:
        """Add to the history."""
        self._uow.insert(vocabulary_changes, change)
