"""Vocabularies and their entries: make, rename, add, change."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.features.fields.errors import (
    TooManyEntries,
    VocabularyEntryNeeded,
    VocabularyEntryNotFound,
    VocabularyEntryTaken,
    VocabularyKeyTaken,
    VocabularyKeyTooLong,
)
from custhub.features.fields.events import VocabularyCreated, VocabularyUpdated
from custhub.features.fields.models import EntryRow, VocabularyChangeRow, VocabularyRow
from custhub.features.fields.queries import VocabularyRecord
from custhub.features.fields.repository import VocabularyRepository
from custhub.features.fields.schemas.answers import etag_of
from custhub.features.fields.schemas.bodies import EntryCreate, EntryPatch, VocabularyCreate, VocabularyPatch
from custhub.features.fields.service.catalogue import FieldCatalogue, vocabulary_of
from custhub.http.issues import issue
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.kit.writes import LostRace

MAX_VOCABULARIES = 100
MAX_ENTRIES = 500
#: What the hub gives a new customer of which nothing is said.
_DEFAULTS = {("stage", "lead")}
#: The column of a stage is shorter than those of others.
_MAX_STAGE = 16
_TOLD = ("label_en", "label_zh", "position", "active")


class Vocabularies:
    """Use cases of vocabularies. Each change is one more line of its history."""

    def __init__(self, uow: UnitOfWork, catalogue: FieldCatalogue) -> None:
        self._uow = uow
        self._catalogue = catalogue
        self._vocabularies = VocabularyRepository(uow)

    async def create(self, body: VocabularyCreate) -> VocabularyRecord:
        """Make a vocabulary. Raises VocabularyKeyTaken, VocabularyEntryTaken, TooManyEntries."""
        if len(self._catalogue.value.vocabularies) >= MAX_VOCABULARIES:
            raise TooManyEntries
        now = self._uow.now
        row = VocabularyRow(new_id(), body.key, body.labels.en, body.labels.zh, False, now, now, 1)
        entries = [self._entry(row, entry) for entry in body.entries]
        for i, entry in enumerate(entries):
            if any(entry.key == other.key for other in entries[:i]):
                raise VocabularyEntryTaken(issues=[issue(f"#/entries/{i}/key", VocabularyEntryTaken.code)])
        self._vocabularies.add(row, _taken)
        for entry in entries:
            self._vocabularies.add_entry(entry)
        record = VocabularyRecord(row, tuple(sorted(entries, key=_place)))
        self._tell(row, None, "created", None, {"label_en": row.label_en, "label_zh": row.label_zh})
        self._uow.emit(VocabularyCreated(row.id, 1))
        self._note("vocabulary.created", record, ["labels", "entries"])
        return record

    async def patch(
        self, vocabulary_id: UUID, body: VocabularyPatch, if_match: frozenset[int] | None
    ) -> VocabularyRecord:
        """Rename a vocabulary. Raises StaleRevision; the same names again store nothing."""
        record = await self._expected(vocabulary_id, if_match)
        changed = {name: value for name, value in body.changes().items() if getattr(record.row, name) != value}
        if not changed:
            return record
        old = {name: getattr(record.row, name) for name in changed}
        row = self._vocabularies.touch(record.row, changed)
        self._tell(row, None, "changed", old, changed)
        return self._changed(record._replace(row=row), "labels")

    async def add_entry(self, vocabulary_id: UUID, body: EntryCreate) -> tuple[VocabularyRecord, EntryRow]:
        """Add a value. Raises VocabularyEntryTaken, TooManyEntries."""
        record = await self._vocabularies.get(vocabulary_id)
        if any(known.key == body.key for known in record.entries):
            raise VocabularyEntryTaken(issues=[issue("#/key", VocabularyEntryTaken.code)])
        if len(record.entries) >= MAX_ENTRIES:
            raise TooManyEntries
        if record.row.key == "stage" and len(body.key) > _MAX_STAGE:
            raise VocabularyKeyTooLong(issues=[issue("#/key", VocabularyKeyTooLong.code)])
        entry = self._entry(record.row, body)
        self._vocabularies.add_entry(entry)
        self._uow.on_violation("pk_vocabulary_entries", _run_again)
        row = self._vocabularies.touch(record.row, {})
        self._tell(row, entry.key, "added", None, _told(entry))
        entries = tuple(sorted((*record.entries, entry), key=_place))
        return self._changed(VocabularyRecord(row, entries), "entries"), entry

    async def change_entry(
        self, vocabulary_id: UUID, key: str, body: EntryPatch, if_match: frozenset[int] | None
    ) -> tuple[VocabularyRecord, EntryRow]:
        """Change a value's names, place, or whether it is chosen any more. Raises VocabularyEntryNeeded."""
        record = await self._expected(vocabulary_id, if_match)
        entry = next((known for known in record.entries if known.key == key), None)
        if entry is None:
            raise VocabularyEntryNotFound
        changed = {name: value for name, value in body.changes().items() if getattr(entry, name) != value}
        if not changed:
            return record, entry
        if changed.get("active") is False and (record.row.key, key) in _DEFAULTS:
            raise VocabularyEntryNeeded(issues=[issue("#/active", VocabularyEntryNeeded.code)])
        new = entry._replace(**changed, updated_at=self._uow.now)
        self._vocabularies.change_entry(new)
        row = self._vocabularies.touch(record.row, {})
        self._tell(row, key, "changed", {name: getattr(entry, name) for name in changed}, changed)
        entries = tuple(sorted((new if known.key == key else known for known in record.entries), key=_place))
        return self._changed(VocabularyRecord(row, entries), "entries"), new

    async def _expected(self, vocabulary_id: UUID, if_match: frozenset[int] | None) -> VocabularyRecord:
        record = await self._vocabularies.get(vocabulary_id)
        check_revision(if_match, record.row.revision, etag_of(record.row.revision))
        return record

    def _entry(self, row: VocabularyRow, body: EntryCreate) -> EntryRow:
        return EntryRow(
            row.id, body.key, body.labels.en, body.labels.zh, body.position, body.active, self._uow.now
        )  # fmt: skip

    def _changed(self, record: VocabularyRecord, field: str) -> VocabularyRecord:
        self._uow.emit(VocabularyUpdated(record.row.id, record.row.revision, fields=(field,)))
        self._note("vocabulary.updated", record, [field])
        return record

    def _note(self, action: str, record: VocabularyRecord, fields: list[str]) -> None:
        self._uow.audit(Note(action, "vocabulary", record.row.id, fields=fields, reason=record.row.key))
        vocabulary = vocabulary_of(record)
        self._uow.on_commit(lambda: self._catalogue.put(lambda known: known.with_vocabulary(vocabulary)))

    def _tell(
        self, row: VocabularyRow, entry: str | None, action: str, old: dict[str, Any] | None, new: dict[str, Any]
    ) -> None:
        actor = self._uow.actor
        self._vocabularies.tell(
            VocabularyChangeRow(new_id(), row.id, self._uow.now, actor.kind, actor.id, entry, action, old, new)
        )


def _told(entry: EntryRow) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _TOLD}


def _place(entry: EntryRow) -> tuple[int, str]:
    return entry.position, entry.key


async def _taken() -> HubError:
    return VocabularyKeyTaken(issues=[issue("#/key", VocabularyKeyTaken.code)])


async def _run_again() -> HubError:
    # Somebody added it at the same moment: now it is there.
    raise LostRace
