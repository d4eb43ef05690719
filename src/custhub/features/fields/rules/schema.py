"""The part of JSON Schema (draft 2020-12) that declares a custom field. No patterns: no foreign regex runs (S-102)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from custhub.features.fields.errors import CustomFieldInvalid, FieldSchemaInvalid

Kind = Literal["string", "date", "number", "integer", "boolean", "array"]

#: A filter compares whole values, kept in a column of this length.
MAX_FILTERABLE: Final = 200
VOCABULARY: Final = "x-vocabulary"

_MAX_LENGTH: Final = 2_000
_MAX_CHOICE: Final = 100
_MAX_CHOICES: Final = 200
_MAX_ITEMS: Final = 50
_MAX_INTEGER: Final = 2**53 - 1
_MAX_NUMBER: Final = 1e15
_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "string": frozenset({"type", "format", "enum", "minLength", "maxLength", VOCABULARY}),
    "number": frozenset({"type", "minimum", "maximum"}),
    "integer": frozenset({"type", "minimum", "maximum"}),
    "boolean": frozenset({"type"}),
    "array": frozenset({"type", "items", "minItems", "maxItems", "uniqueItems"}),
}
_CONTROL: Final = {*range(0x20), 0x7F} - {0x09, 0x0A}


@dataclass(frozen=True, slots=True)
class ValueSchema:
    """What values a field takes. Bounds are inclusive; `choices` and `vocabulary` name the only ones."""

    kind: Kind
    choices: tuple[str, ...] = ()
    vocabulary: str | None = None
    least: float = 0
    most: float = 0

    def check(self, value: object, is_entry: Callable[[str, str], bool]) -> Any:
        """The value as it is kept. Raises CustomFieldInvalid.

        `is_entry(vocabulary, key)` tells the active entries of a vocabulary.
        """
        return _CHECKS[self.kind](self, value, is_entry)

    @property
    def is_free(self) -> bool:
        """Whether people write what they like into it."""
        return self.kind in ("string", "number", "integer") and not self.choices and self.vocabulary is None

    def keywords(self) -> dict[str, Any]:
        """The schema as JSON Schema, with every bound."""
        if self.kind == "date":
            return {"type": "string", "format": "date"}
        if self.kind == "boolean":
            return {"type": "boolean"}
        if self.kind == "array":
            return {
                "type": "array",
                "items": _of_choice(self),
                "minItems": int(self.least),
                "maxItems": int(self.most),
                "uniqueItems": True,
            }
        if self.kind == "string":
            if self.choices or self.vocabulary:
                return _of_choice(self)
            return {"type": "string", "minLength": int(self.least), "maxLength": int(self.most)}
        whole = self.kind == "integer"
        return {
            "type": self.kind,
            "minimum": int(self.least) if whole else self.least,
            "maximum": int(self.most) if whole else self.most,
        }


def _of_choice(schema: ValueSchema) -> dict[str, Any]:
    if schema.vocabulary is not None:
        return {"type": "string", VOCABULARY: schema.vocabulary}
    return {"type": "string", "enum": list(schema.choices)}


def index_values(value: Any) -> tuple[str, ...]:  # a checked value
    """What a filter compares: one text, or one per item."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (value if isinstance(value, str) else _number_text(value),)


def filter_text(schema: ValueSchema, text: str) -> str | None:
    """A filter's text as `index_values` writes it; None where no value of this field can be meant."""
    if schema.kind == "boolean":
        return text if text in ("true", "false") else None
    if schema.kind in ("number", "integer"):
        try:
            number = float(text)
        except ValueError:
            return None
        return _number_text(number) if math.isfinite(number) else None
    return text if len(text) <= MAX_FILTERABLE else None


def _number_text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def parse_schema(raw: Mapping[str, Any], *, filterable: bool = False) -> ValueSchema:
    """The schema of a declaration. Raises FieldSchemaInvalid."""
    kind = raw.get("type")
    allowed = _KEYWORDS.get(kind) if isinstance(kind, str) else None
    if allowed is None or not raw.keys() <= allowed:
        raise FieldSchemaInvalid
    if kind == "string":
        return _string(raw, MAX_FILTERABLE if filterable else _MAX_LENGTH)
    if kind == "boolean":
        return ValueSchema("boolean")
    if kind == "array":
        return _array(raw)
    limit = _MAX_INTEGER if kind == "integer" else _MAX_NUMBER
    least = _bound(raw, "minimum", -limit, -limit, limit, whole=kind == "integer")
    most = _bound(raw, "maximum", limit, -limit, limit, whole=kind == "integer")
    if least > most:
        raise FieldSchemaInvalid
    return ValueSchema("integer" if kind == "integer" else "number", least=least, most=most)


def _string(raw: Mapping[str, Any], limit: int) -> ValueSchema:
    if "format" in raw:
        if raw["format"] != "date" or len(raw) > 2:
            raise FieldSchemaInvalid
        return ValueSchema("date")
    if "enum" in raw or VOCABULARY in raw:
        if len(raw) > 2:
            raise FieldSchemaInvalid
        choices, vocabulary = _choice(raw)
        return ValueSchema("string", choices, vocabulary)
    least = _bound(raw, "minLength", 0, 0, limit, whole=True)
    most = _bound(raw, "maxLength", limit, 1, limit, whole=True)
    if least > most:
        raise FieldSchemaInvalid
    return ValueSchema("string", least=least, most=most)


def _array(raw: Mapping[str, Any]) -> ValueSchema:
    items = raw.get("items")
    if not isinstance(items, dict) or items.get("type") != "string" or len(items) != 2:
        raise FieldSchemaInvalid
    if raw.get("uniqueItems", True) is not True:
        raise FieldSchemaInvalid
    choices, vocabulary = _choice(items)
    least = _bound(raw, "minItems", 0, 0, _MAX_ITEMS, whole=True)
    most = _bound(raw, "maxItems", _MAX_ITEMS, 1, _MAX_ITEMS, whole=True)
    if least > most:
        raise FieldSchemaInvalid
    return ValueSchema("array", choices, vocabulary, least, most)


def _choice(raw: Mapping[str, Any]) -> tuple[tuple[str, ...], str | None]:
    if VOCABULARY in raw:
        if not isinstance(raw[VOCABULARY], str):
            raise FieldSchemaInvalid
        return (), raw[VOCABULARY]
    choices = raw.get("enum")
    if not isinstance(choices, list) or not 1 <= len(choices) <= _MAX_CHOICES:
        raise FieldSchemaInvalid
    if not all(isinstance(choice, str) and 1 <= len(choice) <= _MAX_CHOICE and _is_text(choice) for choice in choices):
        raise FieldSchemaInvalid
    if len(set(choices)) < len(choices):
        raise FieldSchemaInvalid
    return tuple(choices), None


def _bound(raw: Mapping[str, Any], name: str, default: float, least: float, most: float, *, whole: bool) -> float:
    value = raw.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise FieldSchemaInvalid
    if not least <= value <= most:
        raise FieldSchemaInvalid
    return float(value) if not whole else value


def _is_text(text: str) -> bool:
    return not any(ord(character) in _CONTROL for character in text)


def _check_string(schema: ValueSchema, value: object, is_entry: Callable[[str, str], bool]) -> str:
    if not isinstance(value, str):
        raise CustomFieldInvalid
    if schema.choices or schema.vocabulary is not None:
        return _check_choice(schema, value, is_entry)
    text = value.strip()
    if not max(1, schema.least) <= len(text) <= schema.most or not _is_text(text):
        raise CustomFieldInvalid
    return text


def _check_choice(schema: ValueSchema, value: object, is_entry: Callable[[str, str], bool]) -> str:
    known = isinstance(value, str) and (
        value in schema.choices if schema.vocabulary is None else is_entry(schema.vocabulary, value)
    )
    if not known:
        raise CustomFieldInvalid
    return str(value)


def _check_date(_schema: ValueSchema, value: object, _is_entry: object) -> str:
    # fromisoformat reads 20260131 and 2026-W05-6 too, which a JSON Schema date is not.
    if not isinstance(value, str) or len(value) != 10 or value[4] != "-":
        raise CustomFieldInvalid
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise CustomFieldInvalid from None


def _check_number(schema: ValueSchema, value: object, _is_entry: object) -> float:
    whole = schema.kind == "integer"
    if isinstance(value, bool) or not isinstance(value, int | float) or not schema.least <= value <= schema.most:
        raise CustomFieldInvalid
    if whole and value != int(value):
        raise CustomFieldInvalid
    return int(value) if whole else value


def _check_boolean(_schema: ValueSchema, value: object, _is_entry: object) -> bool:
    if not isinstance(value, bool):
        raise CustomFieldInvalid
    return value


def _check_array(schema: ValueSchema, value: object, is_entry: Callable[[str, str], bool]) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not schema.least <= len(value) <= schema.most:
        raise CustomFieldInvalid
    items = [_check_choice(schema, item, is_entry) for item in value]
    if len(set(items)) < len(items):
        raise CustomFieldInvalid
    return items


_CHECKS: Final[Mapping[Kind, Callable[[ValueSchema, object, Callable[[str, str], bool]], Any]]] = {
    "string": _check_string,
    "date": _check_date,
    "number": _check_number,
    "integer": _check_number,
    "boolean": _check_boolean,
    "array": _check_array,
}
