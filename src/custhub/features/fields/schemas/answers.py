"""Answers of vocabularies and field definitions, and the views that build them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, StringConstraints

from custhub.features.fields.models import DefinitionRow, EntryRow, VocabularyChangeRow
from custhub.features.fields.queries import VocabularyRecord
from custhub.http.fields import FieldDefinitionId, Read, Revision, VocabularyChangeId, VocabularyId
from custhub.kit.ids import Prefix, text_or_none, to_text

_ACTORS = {"user": Prefix.USER, "client": Prefix.CLIENT, "operator": Prefix.CLIENT}
_Name = Annotated[str, StringConstraints(max_length=100)]
_Key = Annotated[str, StringConstraints(max_length=40)]
_Position = Annotated[int, Field(ge=0, le=10_000, json_schema_extra={"format": "int32"})]
_Cursor = Annotated[str, StringConstraints(max_length=500)]


class LabelsRead(Read):
    """A name in English and Chinese."""

    en: _Name
    zh: _Name


class FieldDefinitionRead(Read):
    """A custom field. `readers` and `writers` are names of roles; empty ones leave it to the field policy."""

    id: FieldDefinitionId
    object: Literal["field_definition"]
    key: _Key
    labels: LabelsRead
    description: Annotated[str, StringConstraints(max_length=400)] | None
    schema_: Annotated[dict[str, JsonValue], Field(max_length=10)] = Field(alias="schema")
    sensitive: bool
    filterable: bool
    required: bool
    readers: Annotated[list[_Name], Field(max_length=50)]
    writers: Annotated[list[_Name], Field(max_length=50)]
    position: _Position
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: Revision


class FieldDefinitionPage(Read):
    """All field definitions, in the order of forms."""

    data: Annotated[list[FieldDefinitionRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class EntryRead(Read):
    """One value of a vocabulary."""

    object: Literal["vocabulary_entry"]
    key: _Key
    labels: LabelsRead
    position: _Position
    active: bool
    updated_at: datetime


class VocabularyRead(Read):
    """A list of values with names in two languages."""

    id: VocabularyId
    object: Literal["vocabulary"]
    key: _Key
    labels: LabelsRead
    is_builtin: bool
    entries: Annotated[list[EntryRead], Field(max_length=500)]
    created_at: datetime
    updated_at: datetime
    revision: Revision


class VocabularyPage(Read):
    """All vocabularies, by key."""

    data: Annotated[list[VocabularyRead], Field(max_length=100)]
    next_cursor: _Cursor | None
    has_more: bool


class VocabularyActor(Read):
    """Who changed it."""

    kind: _Key
    id: Annotated[str, StringConstraints(max_length=30)] | None


class VocabularyChangeRead(Read):
    """One change of a vocabulary, or of the entry it names."""

    id: VocabularyChangeId
    object: Literal["vocabulary_change"]
    at: datetime
    actor: VocabularyActor
    entry: _Key | None
    action: _Key
    old: Annotated[dict[str, JsonValue], Field(max_length=10)] | None
    new: Annotated[dict[str, JsonValue], Field(max_length=10)] | None
    created_at: datetime


class VocabularyHistoryPage(Read):
    """A page of the history of a vocabulary."""

    data: Annotated[list[VocabularyChangeRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def definition_view(row: DefinitionRow) -> dict[str, Any]:
    """The body of a field definition."""
    return {
        "id": to_text(Prefix.FIELD, row.id),
        "object": "field_definition",
        "key": row.key,
        "labels": {"en": row.label_en, "zh": row.label_zh},
        "description": row.description,
        "schema": row.schema,
        "sensitive": row.sensitive,
        "filterable": row.filterable,
        "required": row.required,
        "readers": row.readers,
        "writers": row.writers,
        "position": row.position,
        "archived_at": row.archived_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def entry_view(entry: EntryRow) -> dict[str, Any]:
    """The body of an entry."""
    return {
        "object": "vocabulary_entry",
        "key": entry.key,
        "labels": {"en": entry.label_en, "zh": entry.label_zh},
        "position": entry.position,
        "active": entry.active,
        "updated_at": entry.updated_at,
    }


def vocabulary_view(record: VocabularyRecord) -> dict[str, Any]:
    """The body of a vocabulary."""
    row = record.row
    return {
        "id": to_text(Prefix.VOCABULARY, row.id),
        "object": "vocabulary",
        "key": row.key,
        "labels": {"en": row.label_en, "zh": row.label_zh},
        "is_builtin": row.is_builtin,
        "entries": [entry_view(entry) for entry in record.entries],
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def change_view(row: VocabularyChangeRow) -> dict[str, Any]:
    """The body of a change."""
    prefix, actor_id = _ACTORS.get(row.actor_kind), row.actor_id
    return {
        "id": to_text(Prefix.VOCABULARY_CHANGE, row.id),
        "object": "vocabulary_change",
        "at": row.at,
        "actor": {"kind": row.actor_kind, "id": None if prefix is None else text_or_none(prefix, actor_id)},
        "entry": row.entry,
        "action": row.action,
        "old": row.old,
        "new": row.new,
        "created_at": row.at,
    }


def etag_of(revision: int) -> str:
    """Strong entity tag; nothing but the revision shapes these bodies."""
    return f'"{revision}-00000000"'
