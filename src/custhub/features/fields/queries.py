"""Read statements over vocabularies and field definitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select

from custhub.features.fields.models import (
    DefinitionRow,
    EntryRow,
    VocabularyChangeRow,
    VocabularyRow,
    field_definitions,
    vocabularies,
    vocabulary_changes,
    vocabulary_entries,
)
from custhub.kit.nested import children, reader
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

__all__ = ["DefinitionRow", "EntryRow", "VocabularyChangeRow", "VocabularyRow"]

_d, _v, _c = field_definitions.c, vocabularies.c, vocabulary_changes.c
_WIDTH = len(VocabularyRow._fields)
_entries = reader(vocabulary_entries, EntryRow._make)


class VocabularyRecord(NamedTuple):
    """A vocabulary with its entries, in their order."""

    row: VocabularyRow
    entries: tuple[EntryRow, ...]


def _record(values: Any) -> VocabularyRecord:
    values = list(values)
    entries = sorted(_entries(values[_WIDTH]), key=lambda entry: (entry.position, entry.key))
    return VocabularyRecord(VocabularyRow._make(values[:_WIDTH]), tuple(entries))


_VOCABULARY = select(vocabularies, children(vocabulary_entries, _v.id, "vocabulary_id").label("entries"))
_VOCABULARIES = Query(_VOCABULARY.order_by(_v.key), _record)
_VOCABULARY_BY_ID = Query(_VOCABULARY.where(_v.id == bindparam("id")), _record)
_VOCABULARY_LOCKED = Query(select(_v.id).where(_v.id == bindparam("id")).with_for_update(), tuple)
_DEFINITIONS = Query(select(field_definitions).order_by(_d.position, _d.key), DefinitionRow._make)
_ONE_DEFINITION = select(field_definitions).where(_d.id == bindparam("id"))
_DEFINITION_BY_ID = Query(_ONE_DEFINITION, DefinitionRow._make)
_DEFINITION_LOCKED = Query(_ONE_DEFINITION.with_for_update(), DefinitionRow._make)
_CHANGES = (
    select(vocabulary_changes)
    .where(_c.vocabulary_id == bindparam("vocabulary_id"))
    .order_by(_c.id.desc())
    .limit(bindparam("limit"))
)
_FIRST_CHANGES = Query(_CHANGES, VocabularyChangeRow._make)
_NEXT_CHANGES = Query(_CHANGES.where(_c.id < bindparam("after", type_=_c.id.type)), VocabularyChangeRow._make)


def _sum(table: Any) -> Any:  # a scalar subquery
    return select(func.coalesce(func.sum(table.c.revision), 0)).select_from(table).scalar_subquery()


# Rows are never removed and revisions only rise: no two states have one sum.
STAMP = Query(select(_sum(field_definitions).label("definitions"), _sum(vocabularies).label("vocabularies")), tuple)
"""Differs after every change of a definition or vocabulary."""


async def all_definitions(reader: Reader) -> list[DefinitionRow]:
    """Every field definition, archived ones too, in their order."""
    return await _DEFINITIONS.all(reader)


async def definition_by_id(reader: Reader, definition_id: UUID, *, locked: bool = False) -> DefinitionRow | None:
    """One field definition."""
    return await (_DEFINITION_LOCKED if locked else _DEFINITION_BY_ID).first(reader, id=definition_id)


async def all_vocabularies(reader: Reader) -> list[VocabularyRecord]:
    """Every vocabulary with its entries, by key."""
    return await _VOCABULARIES.all(reader)


async def vocabulary_by_id(reader: Reader, vocabulary_id: UUID, *, locked: bool = False) -> VocabularyRecord | None:
    """One vocabulary with its entries."""
    if locked:
        await _VOCABULARY_LOCKED.first(reader, id=vocabulary_id)
    return await _VOCABULARY_BY_ID.first(reader, id=vocabulary_id)


async def page_of_changes(
    reader: Reader, vocabulary_id: UUID, after: Sequence[Any] | None, limit: int
) -> Page[VocabularyChangeRow]:
    """The history of a vocabulary, newest first."""
    params: dict[str, Any] = {"vocabulary_id": vocabulary_id, "limit": limit + 1}
    if after is None:
        rows = await _FIRST_CHANGES.all(reader, **params)
    else:
        rows = await _NEXT_CHANGES.all(reader, **params, after=UUID(hex=after[0]))
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))
