"""Schemas of custom fields: what is declared is what is checked, and it declares itself again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from custhub.features.fields.errors import CustomFieldInvalid, FieldSchemaInvalid
from custhub.features.fields.rules import parse_schema
from custhub.features.fields.rules.schema import filter_text, index_values

SCHEMAS: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "minLength": 2, "maxLength": 3},
    {"type": "string", "enum": ["a", "b c"]},
    {"type": "integer"},
    {"type": "integer", "minimum": -2, "maximum": 7},
    {"type": "number", "minimum": 0.5},
    {"type": "boolean"},
    {"type": "array", "items": {"type": "string", "enum": ["a", "b c", "d"]}, "minItems": 1, "maxItems": 2},
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-10, max_value=10),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.text(max_size=5),
    st.sampled_from(["a", "b c", "d", "2024-02-29"]),
    st.lists(st.sampled_from(["a", "b c", "d", "e"]), max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


def no_entry(_vocabulary: str, _key: str) -> bool:
    return False


@pytest.mark.parametrize(
    "raw", [*SCHEMAS, {"type": "string", "format": "date"}, {"type": "string", "x-vocabulary": "v"}]
)
def test_a_schema_declares_itself_again(raw: dict[str, Any]) -> None:
    schema = parse_schema(raw)
    assert parse_schema(schema.keywords()) == schema
    Draft202012Validator.check_schema(schema.keywords())


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(SCHEMAS), VALUES)
def test_whatever_is_kept_is_valid_by_the_published_schema(raw: dict[str, Any], value: Any) -> None:
    """contract_j6: a form checks by the same schema. Texts are trimmed first, and empty ones are no value."""
    schema = parse_schema(raw)
    published = Draft202012Validator(schema.keywords())
    try:
        kept = schema.check(value, no_entry)
    except CustomFieldInvalid:
        trimmed = value.strip() if isinstance(value, str) else value
        odd = isinstance(trimmed, str) and (not trimmed or any(ord(c) < 32 or ord(c) == 127 for c in trimmed))
        assert odd or not published.is_valid(trimmed)
        return
    assert published.is_valid(kept)
    assert schema.check(kept, no_entry) == kept


def test_entries_of_a_vocabulary_are_asked_for() -> None:
    schema = parse_schema({"type": "string", "x-vocabulary": "v"})
    assert schema.check("a", lambda vocabulary, key: (vocabulary, key) == ("v", "a")) == "a"
    with pytest.raises(CustomFieldInvalid):
        schema.check("a", no_entry)


def test_a_filterable_text_fits_its_index() -> None:
    assert parse_schema({"type": "string"}, filterable=True).most == 200
    with pytest.raises(FieldSchemaInvalid):
        parse_schema({"type": "string", "maxLength": 201}, filterable=True)


@pytest.mark.parametrize(
    ("raw", "value", "texts"),
    [
        ({"type": "integer"}, 42, ("42", "42.0", "4.2e1")),
        ({"type": "number"}, 1.5, ("1.5", "1.50")),
        ({"type": "number"}, 2.0, ("2", "2.0")),
        ({"type": "boolean"}, True, ("true",)),
        ({"type": "string"}, "a b", ("a b",)),
    ],
)
def test_a_filter_meets_the_value_in_any_spelling(raw: dict[str, Any], value: Any, texts: tuple[str, ...]) -> None:
    schema = parse_schema(raw)
    assert {filter_text(schema, text) for text in texts} == set(index_values(value))


@pytest.mark.parametrize(
    ("raw", "text"), [({"type": "integer"}, "x"), ({"type": "number"}, "nan"), ({"type": "boolean"}, "yes")]
)
def test_a_text_that_is_no_value_meets_nothing(raw: dict[str, Any], text: str) -> None:
    assert filter_text(parse_schema(raw), text) is None
