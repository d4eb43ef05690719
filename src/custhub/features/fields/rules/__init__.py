"""What custom fields and vocabularies mean: pure functions and value objects."""

from custhub.features.fields.rules.catalogue import (
    EMPTY,
    MASK,
    Access,
    Catalogue,
    Definition,
    Entry,
    Labels,
    Vocabulary,
)
from custhub.features.fields.rules.schema import MAX_FILTERABLE, ValueSchema, parse_schema

__all__ = [
    "EMPTY",
    "MASK",
    "MAX_FILTERABLE",
    "Access",
    "Catalogue",
    "Definition",
    "Entry",
    "Labels",
    "ValueSchema",
    "Vocabulary",
    "parse_schema",
]
