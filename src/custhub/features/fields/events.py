"""Facts about field definitions and vocabularies."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class FieldDefinitionEvent(Event):
    """Something happened to a field definition."""

    __slots__ = ()
    subject_type = "field_definition"
    prefix = Prefix.FIELD
    path = "/v1/field-definitions/{id}"
    example_fields = ("labels",)


class FieldDefinitionCreated(FieldDefinitionEvent):
    """A custom field was declared."""

    __slots__ = ()
    type = "field_definition.created"


class FieldDefinitionUpdated(FieldDefinitionEvent):
    """A custom field changed."""

    __slots__ = ()
    type = "field_definition.updated"


class FieldDefinitionArchived(FieldDefinitionEvent):
    """A custom field is shown and written no more; its values are kept."""

    __slots__ = ()
    type = "field_definition.archived"


class FieldDefinitionRestored(FieldDefinitionEvent):
    """An archived custom field is back, with the values it had."""

    __slots__ = ()
    type = "field_definition.restored"


class VocabularyEvent(Event):
    """Something happened to a vocabulary."""

    __slots__ = ()
    subject_type = "vocabulary"
    prefix = Prefix.VOCABULARY
    path = "/v1/vocabularies/{id}"
    example_fields = ("entries",)


class VocabularyCreated(VocabularyEvent):
    """A vocabulary was made."""

    __slots__ = ()
    type = "vocabulary.created"


class VocabularyUpdated(VocabularyEvent):
    """The names or the entries of a vocabulary changed."""

    __slots__ = ()
    type = "vocabulary.updated"
