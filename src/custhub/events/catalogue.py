"""What there is to hear of: each type of event with the JSON Schema of its data and an example (RELIABILITY E-3)."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from custhub.events.envelope import CATALOGUE, Event, envelope
from custhub.events.outbox import EventRow
from custhub.kit.ids import PATTERNS, Prefix, from_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = "_01m81amc1cfrnt9m7qcr38rxrh"
_AT = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
_FIELDS: Mapping[str, Any] = {
    "type": "array",
    "description": "Names of what changed",
    "items": {"type": "string", "maxLength": 100},
    "maxItems": 1000,
}
_BULK: Mapping[str, Any] = {
    "type": "string",
    "description": "The job that caused this event with many others; absent elsewhere",
    "pattern": PATTERNS[Prefix.JOB],
}


def types() -> list[type[Event]]:
    """Every type of event, by name."""
    return [CATALOGUE[name] for name in sorted(CATALOGUE)]


def data_schema(kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of `data`. It is open: later versions add members, consumers ignore what they do not know.

    Only `id` and `self` are required: erasure empties the rest.
    """
    properties: dict[str, Any] = {
        "id": {"type": "string", "pattern": f"^({'|'.join(_prefixes(kind))})_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"},
        "self": {"type": ["string", "null"], "description": "Where to read the subject", "maxLength": 200},
    }
    if kind.example_fields:
        properties["fields"] = _FIELDS
    properties |= {name: dict(schema) for name, schema in kind.members.items()}
    properties["bulk_id"] = _BULK
    return {
        "$schema": DIALECT,
        "title": kind.type,
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "type": "object",
        "properties": properties,
        "required": ["id", "self"],
    }


def example(kind: type[Event]) -> dict[str, Any]:
    """An envelope as consumers get it."""
    data: dict[str, Any] = {name: schema["examples"][0] for name, schema in kind.members.items()}
    if kind.example_fields:
        data = {"fields": list(kind.example_fields), **data}
    subject, customer = _example_id(kind.prefix), _example_id(Prefix.CUSTOMER)
    return envelope(
        EventRow(
            id=_example_id(Prefix.EVENT),
            type=kind.type,
            schema_version=kind.schema_version,
            occurred_at=_AT,
            subject_type=kind.subject_type,
            subject_id=subject,
            subject_revision=3,
            customer_id=customer,
            actor_kind="user",
            actor_id=_example_id(Prefix.USER),
            request_id="req-7f3c",
            data=data,
            epoch=1,
            position=1042,
        )
    )


def schemas() -> dict[str, dict[str, Any]]:
    """`type` -> version and schema: what is published, and compared with what was."""
    return {kind.type: {"schema_version": kind.schema_version, "data_schema": data_schema(kind)} for kind in types()}


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What of `new` consumers of `old` would stumble over (E-4): types and members only ever come, within a version."""
    found: list[str] = []
    for name, was in old.items():
        now = new.get(name)
        if now is None:
            found.append(f"{name} is gone")
        elif now["schema_version"] == was["schema_version"]:
            found += [f"{name}: {change}" for change in _broken(was["data_schema"], now["data_schema"])]
        elif now["schema_version"] < was["schema_version"]:
            found.append(f"{name}: the version went down")
    return found


def _broken(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if lost := set(was["required"]) - set(now["required"]):
        yield f"not always there any more: {', '.join(sorted(lost))}"
    for name, schema in was["properties"].items():
        if name not in now["properties"]:
            yield f"{name} is gone"
        elif _meaning(schema) != _meaning(now["properties"][name]):
            yield f"{name} means something else"


def _meaning(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {word: value for word, value in schema.items() if word not in ("description", "examples", "title")}


def _prefixes(kind: type[Event]) -> list[str]:
    return [prefix.value for prefix in (kind.prefix, *kind.other_prefixes)]


def _example_id(prefix: Prefix) -> UUID:
    return from_text(prefix, prefix.value + _TEXT)
