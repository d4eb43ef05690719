"""Tables of vocabularies and field definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from custhub.kit.db import Id, Instant, Json, metadata

FIELD_KEY = "uq_field_definitions_key"
field_definitions = Table(
    "field_definitions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(40), nullable=False),
    Column("label_en", String(100), nullable=False),
    Column("label_zh", String(100), nullable=False),
    Column("description", String(400)),
    Column("schema", Json, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("filterable", Boolean, nullable=False),
    Column("required", Boolean, nullable=False),
    # Names of roles; an empty list leaves it to the field policy.
    Column("readers", Json, nullable=False),
    Column("writers", Json, nullable=False),
    Column("position", Integer, nullable=False),
    Column("archived_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("key", name=FIELD_KEY),
)

VOCABULARY_KEY = "uq_vocabularies_key"
vocabularies = Table(
    "vocabularies",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(40), nullable=False),
    Column("label_en", String(100), nullable=False),
    Column("label_zh", String(100), nullable=False),
    Column("is_builtin", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("key", name=VOCABULARY_KEY),
)

vocabulary_entries = Table(
    "vocabulary_entries",
    metadata,
    Column("vocabulary_id", Id, ForeignKey("vocabularies.id"), primary_key=True),
    Column("key", String(40), primary_key=True),
    Column("label_en", String(100), nullable=False),
    Column("label_zh", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

# Who changed what when; rows are only ever added.
vocabulary_changes = Table(
    "vocabulary_changes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("vocabulary_id", Id, ForeignKey("vocabularies.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(12), nullable=False),
    Column("actor_id", Id),
    Column("entry", String(40)),
    Column("action", String(12), nullable=False),
    Column("old", Json),
    Column("new", Json),
)
Index("ix_vocabulary_changes_vocabulary", vocabulary_changes.c.vocabulary_id, vocabulary_changes.c.id)


class DefinitionRow(NamedTuple):
    """A row of field_definitions."""

    id: UUID
    key: str
    label_en: str
    label_zh: str
    description: str | None
    schema: dict[str, Any]
    sensitive: bool
    filterable: bool
    required: bool
    readers: list[str]
    writers: list[str]
    position: int
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class VocabularyRow(NamedTuple):
    """A row of vocabularies."""

    id: UUID
    key: str
    label_en: str
    label_zh: str
    is_builtin: bool
    created_at: datetime
    updated_at: datetime
    revision: int


class EntryRow(NamedTuple):
    """A row of vocabulary_entries."""

    vocabulary_id: UUID
    key: str
    label_en: str
    label_zh: str
    position: int
    active: bool
    updated_at: datetime


class VocabularyChangeRow(NamedTuple):
    """A row of vocabulary_changes; `entry` is None where the vocabulary itself changed."""

    id: UUID
    vocabulary_id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    entry: str | None
    action: str
    old: dict[str, Any] | None
    new: dict[str, Any] | None
