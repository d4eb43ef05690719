"""All vocabularies and field definitions of a hub as one value: what writes are held against, and views shown by.

Plain data: a process that parses imports gets a copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.fields.errors import CustomFieldUnknown, VocabularyValueUnknown
from custhub.features.fields.rules.schema import ValueSchema, index_values
from custhub.kit.errors import FieldIssue, HubError, Location

#: What is shown of a sensitive value; sent back, it means that the value stays.
MASK: Final = "****"


class Labels(NamedTuple):
    """A name in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A custom field. Empty `readers` and `writers` leave it to the field policy who may."""

    id: UUID
    key: str
    labels: Labels
    schema: ValueSchema
    sensitive: bool
    filterable: bool
    required: bool
    readers: frozenset[str]
    writers: frozenset[str]
    position: int
    archived: bool
    revision: int

    def is_read_by(self, roles: Collection[str] | None) -> bool:
        """Whether these roles see it; None are all."""
        return not self.archived and (roles is None or not self.readers or not self.readers.isdisjoint(roles))

    def is_written_by(self, roles: Collection[str] | None) -> bool:
        """Whether these roles write it, as far as the field policy lets them."""
        writes = roles is None or not self.writers or not self.writers.isdisjoint(roles)
        return writes and self.is_read_by(roles)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a vocabulary. One that is not active stays readable and is chosen no more."""

    key: str
    labels: Labels
    position: int
    active: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A list of values with names."""

    id: UUID
    key: str
    labels: Labels
    revision: int
    entries: Mapping[str, Entry]

    def is_active(self, key: str) -> bool:
        """Whether new values may be this one."""
        entry = self.entries.get(key)
        return entry is not None and entry.active


class Access:
    """The custom fields of one caller: which it sees and writes. `digest` tells two ways of seeing apart."""

    def __init__(self, catalogue: Catalogue, roles: Collection[str] | None) -> None:
        own = sorted(catalogue.definitions.values(), key=lambda known: (known.position, known.key))
        self.readable: dict[str, Definition] = {known.key: known for known in own if known.is_read_by(roles)}
        self.writable = frozenset(key for key, known in self.readable.items() if known.is_written_by(roles))
        seen = ",".join(f"{key}{'!' if known.sensitive else ''}" for key, known in self.readable.items())
        self.digest = hashlib.sha256(seen.encode()).hexdigest()[:8]

    def shown(self, custom: Mapping[str, Any] | None) -> dict[str, Any]:
        """The values of a customer that its reader sees; sensitive ones are masked."""
        if not custom:
            return {}
        return {key: MASK if custom[key] is None else custom[key] for key in self.readable if key in custom}

    def definition(self, key: str, location: Location = "body", pointer: str | None = None) -> Definition:
        """The field of this key. Raises CustomFieldUnknown, at `pointer`; without one at the value of a body."""
        known = self.readable.get(key)
        if known is None:
            pointer = pointer or f"#/custom_fields/{key}"
            raise CustomFieldUnknown(issues=[_issue(pointer, CustomFieldUnknown, location)])
        return known


@dataclass(frozen=True)
class Catalogue:
    """Definitions by key and vocabularies by key."""

    definitions: Mapping[str, Definition] = field(default_factory=dict)
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=dict)

    @cached_property
    def _accesses(self) -> dict[tuple[str, ...] | None, Access]:
        return {}

    def access_of(self, roles: tuple[str, ...] | None) -> Access:
        """What these roles see and write; None are all roles."""
        known = self._accesses.get(roles)
        if known is None:
            known = self._accesses[roles] = Access(self, roles)
        return known

    @cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits that change with any definition or vocabulary."""
        told = sorted([(known.key, known.revision) for known in self.definitions.values()])
        told += sorted([(known.key, known.revision) for known in self.vocabularies.values()])
        return hashlib.sha256(repr(told).encode()).hexdigest()[:8]

    def is_entry(self, vocabulary: str, key: str) -> bool:
        """Whether a vocabulary has this active entry."""
        known = self.vocabularies.get(vocabulary)
        return known is not None and known.is_active(key)

    def require_entry(self, vocabulary: str, key: str, pointer: str) -> None:
        """Raise VocabularyValueUnknown unless this is an active entry."""
        if not self.is_entry(vocabulary, key):
            raise VocabularyValueUnknown(issues=[_issue(pointer, VocabularyValueUnknown)])

    def with_definition(self, definition: Definition) -> Catalogue:
        """The same with this definition, new or changed; a newer one that is known stays."""
        known = self.definitions.get(definition.key)
        if known is not None and known.revision > definition.revision:
            return self
        return Catalogue({**self.definitions, definition.key: definition}, self.vocabularies)

    def with_vocabulary(self, vocabulary: Vocabulary) -> Catalogue:
        """The same with this vocabulary, new or changed; a newer one that is known stays."""
        known = self.vocabularies.get(vocabulary.key)
        if known is not None and known.revision > vocabulary.revision:
            return self
        return Catalogue(self.definitions, {**self.vocabularies, vocabulary.key: vocabulary})

    def indexed(self, custom: Mapping[str, Any] | None) -> Iterable[tuple[str, str]]:
        """(field, text) of the values of a customer that lists filter by."""
        for key, value in (custom or {}).items():
            known = self.definitions.get(key)
            if known is not None and known.filterable and value is not None:
                for text in index_values(value):
                    yield f"custom_fields.{key}", text


EMPTY: Final = Catalogue()
"""Before anything was read."""


def _issue(pointer: str, error: type[HubError], location: Location = "body") -> FieldIssue:
    return FieldIssue(pointer, error.code, location, error.text("en").detail, error.text("zh").detail)
