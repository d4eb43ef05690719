"""Schemas as people read them: a type in one line, the members of an object as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from custhub.http.pages.layout import inline, text

Json = dict[str, Any]

_REF = "#/components/schemas/"
_LOOSE = 65_536
_MANY_VALUES = 40


def type_of(schema: Json) -> str:
    """The type in one line, with its limits, as HTML."""
    if "$ref" in schema:
        name = text(schema["$ref"].removeprefix(_REF))
        return f'<a class="type" href="#schema-{name}">{name}</a>'
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return " | ".join(type_of(branch) for branch in schema[keyword])
    if "const" in schema:
        return f"<code>{text(schema['const'])}</code>"
    if "enum" in schema:
        shown = " ".join(f"<code>{text(value)}</code>" for value in schema["enum"][:_MANY_VALUES])
        return shown + (" …" if len(schema["enum"]) > _MANY_VALUES else "")
    if schema.get("type") == "array":
        item = type_of(schema.get("items", {}))
        item = item if "$ref" in schema.get("items", ()) else f"({item})"
        return f'{item}<span class="type">[]</span>{_limits(schema)}'
    kinds = schema.get("type", "any")
    name = kinds if isinstance(kinds, str) else " | ".join(kinds)
    return f'<span class="type">{text(schema.get("format", name))}</span>{_limits(schema)}'


def members_table(schema: Json, words: Mapping[str, str]) -> str:
    """The members of an object; empty for anything else."""
    required = schema.get("required", ())
    rows = [
        f"<tr><th><code>{text(name)}</code>"
        f"<small>{'' if name in required else words['optional']}</small></th>"
        f"<td>{type_of(member)}{default_of(member)}<div>{inline(member.get('description', ''))}</div></td></tr>"
        for name, member in schema.get("properties", {}).items()
    ]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def default_of(schema: Json) -> str:
    """What holds when nothing is sent, as HTML."""
    return f" <small>= {text(json.dumps(schema['default']))}</small>" if "default" in schema else ""


def _limits(schema: Json) -> str:
    limits = " ".join(_limit_texts(schema))
    return f" <small>{limits}</small>" if limits else ""


def _limit_texts(schema: Json) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if high is not None and abs(high) < 2**53 - 1:
        yield f"{low}…{high}" if low is not None else f"≤ {high}"
    elif low is not None and low > 1 - 2**53:
        yield f"≥ {low}"
    if schema.get("maxLength", _LOOSE) < _LOOSE and "format" not in schema:
        shortest = schema.get("minLength", 0)
        yield f"{shortest}…{schema['maxLength']}" if shortest else f"≤ {schema['maxLength']}"
    if "maxItems" in schema:
        fewest = schema.get("minItems", 0)
        yield f"{fewest}…{schema['maxItems']}" if fewest else f"≤ {schema['maxItems']}"
    if "pattern" in schema:
        yield f"<code>{text(schema['pattern'])}</code>"
