"""The catalogue of definitions and vocabularies, kept in memory."""

from __future__ import annotations

from custhub.features.fields.models import DefinitionRow
from custhub.features.fields.queries import STAMP, VocabularyRecord, all_definitions, all_vocabularies
from custhub.features.fields.rules import EMPTY, Access, Catalogue, Definition, Entry, Labels, Vocabulary, parse_schema
from custhub.kit.followed import Followed
from custhub.kit.query import Reader
from custhub.security.principal import Principal

#: Key of the catalogue among the parts of the hub.
CATALOGUE = "fields.catalogue"

FieldCatalogue = Followed[Catalogue]


def field_catalogue() -> FieldCatalogue:
    """A catalogue that nothing was read into yet."""
    return Followed(STAMP, _load, EMPTY)


def access_of(catalogue: Catalogue, who: Principal) -> Access:
    """The custom fields that a caller sees and writes."""
    return catalogue.access_of(None if who.kind == "operator" else who.roles)


async def _load(reader: Reader) -> Catalogue:
    definitions = [definition_of(row) for row in await all_definitions(reader)]
    vocabularies = [vocabulary_of(record) for record in await all_vocabularies(reader)]
    return Catalogue({known.key: known for known in definitions}, {known.key: known for known in vocabularies})


def definition_of(row: DefinitionRow) -> Definition:
    """A definition of the catalogue."""
    return Definition(
        id=row.id,
        key=row.key,
        labels=Labels(row.label_en, row.label_zh),
        schema=parse_schema(row.schema, filterable=row.filterable),
        sensitive=row.sensitive,
        filterable=row.filterable,
        required=row.required,
        readers=frozenset(row.readers),
        writers=frozenset(row.writers),
        position=row.position,
        archived=row.archived_at is not None,
        revision=row.revision,
    )


def vocabulary_of(record: VocabularyRecord) -> Vocabulary:
    """A vocabulary of the catalogue."""
    row = record.row
    entries = {
        entry.key: Entry(entry.key, Labels(entry.label_en, entry.label_zh), entry.position, entry.active)
        for entry in record.entries
    }
    return Vocabulary(row.id, row.key, Labels(row.label_en, row.label_zh), row.revision, entries)
