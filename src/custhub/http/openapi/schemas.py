"""Schemas: named, bounded, free of what Pydantic says only to Python.

Requests must state their bounds, because the bounds are enforced (B5, S-101); what only leaves the hub gets the
defaults of this module where a model is silent: strings 65,536 characters (by format where there is one), arrays
1,000 items, integers what JavaScript holds exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from custhub.http.openapi.findings import Findings
from custhub.http.openapi.traits import ON_REQUEST

Json = dict[str, Any]

REF = "#/components/schemas/"
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_NULL = {"type": "null"}
#: What the reader of requests refuses in every text (P17).
WITHOUT_NUL = "^[^\\u0000]*$"
_STRING = 65_536
_ITEMS = 1_000
_INT32 = 2**31 - 1
_SAFE_INTEGER = 2**53 - 1
_BY_FORMAT = {
    "date": 10,
    "time": 32,
    "date-time": 35,
    "duration": 64,
    "uuid": 36,
    "email": 320,
    "ipv4": 15,
    "ipv6": 45,
    "uri": 2_048,
    "binary": 2**31 - 1,
}


def subschemas(schema: Json, location: str) -> Iterator[tuple[str, Json]]:
    """The schemas directly inside `schema`, each with its place."""
    for name, member in schema.get("properties", {}).items():
        yield f"{location}.{name}", member
    for member in schema.get("patternProperties", {}).values():
        yield f"{location}/patternProperties", member
    for keyword in ("items", "additionalProperties", "propertyNames", "contentSchema", "not"):
        if isinstance(schema.get(keyword), dict):
            yield f"{location}/{keyword}", schema[keyword]
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for index, member in enumerate(schema.get(keyword, ())):
            yield f"{location}/{keyword}/{index}", member


def walk(schema: Json, location: str) -> Iterator[tuple[str, Json]]:
    """`schema` and every schema inside it, without following references."""
    yield location, schema
    for place, inner in subschemas(schema, location):
        yield from walk(inner, place)


def references(node: object) -> Iterator[str]:
    """Names of the schemas that `node`, any part of a document, refers to directly."""
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str) and target.startswith(REF):
            yield target.removeprefix(REF)
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def reachable(roots: Iterable[str], schemas: dict[str, Json]) -> set[str]:
    """All schema names that the named ones lead to, themselves included."""
    found: set[str] = set()
    pending = list(roots)
    while pending:
        name = pending.pop()
        if name in schemas and name not in found:
            found.add(name)
            pending.extend(references(schemas[name]))
    return found


def check_names(schemas: dict[str, Json], findings: Findings) -> None:
    """J2: names are plain words, one class per name, none split by direction."""
    for name in schemas:
        if name.endswith(("-Input", "-Output")):
            findings.add(name, "used in requests and in answers with a default; make two models (P5)")
        elif "__" in name or name.endswith("_"):
            findings.add(name, "two classes of one name, or a generic; give it a class name of its own (J2)")
        elif not _NAME.fullmatch(name):
            findings.add(name, "is not a class name in CamelCase (J2)")


def clean_component(name: str, schema: Json, findings: Findings, *, request: bool) -> None:
    """Brings a named schema into shape, in place. `request`: it travels in requests, also if in answers too."""
    if not request:
        if schema.get("additionalProperties") is False:
            # G1: answers may grow members.
            del schema["additionalProperties"]
    elif "properties" in schema and not isinstance(schema.get("additionalProperties"), bool):
        # True is a word of its own: RFC 6749 wants unknown parameters ignored.
        findings.add(name, 'a request model needs extra="forbid" (B6)')
    for member, inner in schema.get("properties", {}).items():
        shown_on_request = inner.pop(ON_REQUEST, False)
        if not request and not shown_on_request and member not in schema.get("required", ()):
            findings.add(
                f"{name}.{member}", "a member of an answer is always there: no default, or SHOWN_ON_REQUEST (P5)"
            )
    for place, inner in list(walk(schema, name)):
        if inner is not schema and "properties" in inner:
            findings.add(place, "anonymous inline object; give it a model (J2)")
        _tidy(inner)
        _bound(inner, place, findings, strict=request)
    if schema.get("type") == "object" and not schema.get("description"):
        findings.add(name, "a model needs a docstring")


def clean_inline(schema: Json, location: str, findings: Findings, *, strict: bool) -> None:
    """Brings the schema of a parameter, header or body into shape, in place."""
    for place, inner in list(walk(schema, location)):
        if "properties" in inner:
            findings.add(place, "anonymous inline object; give it a model (J2)")
        _tidy(inner)
        _bound(inner, place, findings, strict=strict)


def without_null(schema: Json) -> Json:
    """A parameter's schema without its null branch (P6)."""
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        return {**schema, "type": kinds[0] if len(kinds) == 1 else kinds}
    if _NULL not in schema.get("anyOf", ()):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    branches = [branch for branch in schema["anyOf"] if branch != _NULL]
    return {**branches[0], **rest} if len(branches) == 1 else {"anyOf": branches, **rest}


def _tidy(schema: Json) -> None:
    # Pydantic titles are the names once more; a null default says what a nullable type says.
    if isinstance(schema.get("title"), str):
        del schema["title"]
    if "default" in schema and schema["default"] is None:
        del schema["default"]
    if len(schema.get("patternProperties", ())) == 1:
        # Of names that do not match, patternProperties says nothing: they would be welcome. The hub refuses them.
        (pattern, value), *_ = schema.pop("patternProperties").items()
        schema["propertyNames"] = {**schema.get("propertyNames", {}), "pattern": pattern}
        schema["additionalProperties"] = value


def _bound(schema: Json, place: str, findings: Findings, *, strict: bool) -> None:
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if "string" in kinds:
        _bound_string(schema, place, findings, strict=strict)
    if "integer" in kinds:
        _bound_integer(schema, place, findings, strict=strict)
    if "array" in kinds and "maxItems" not in schema:
        if strict:
            findings.add(place, "an array of a request needs max_length (B5)")
        schema["maxItems"] = _ITEMS
    if strict and schema.get("additionalProperties") not in (None, False) and "maxProperties" not in schema:
        findings.add(place, "a map of a request needs max_length (S-101)")
    if "number" in kinds:
        schema.setdefault("format", "double")
    if {"number", "string"} <= {branch.get("type") for branch in schema.get("anyOf", ())}:
        findings.add(place, "looks like a Decimal; use integer minor units (P8, B3)")


def _bound_string(schema: Json, place: str, findings: Findings, *, strict: bool) -> None:
    if strict and not schema.keys() & {"pattern", "format", "enum", "const", "contentMediaType"}:
        schema["pattern"] = WITHOUT_NUL
    if schema.keys() & {"maxLength", "enum", "const"}:
        return
    by_format = _BY_FORMAT.get("binary" if "contentMediaType" in schema else schema.get("format", ""))
    if by_format is None and strict:
        findings.add(place, "a string of a request needs max_length (B5)")
    schema["maxLength"] = by_format or _STRING


def _bound_integer(schema: Json, place: str, findings: Findings, *, strict: bool) -> None:
    fixed = [schema["const"]] if "const" in schema else schema.get("enum")
    if fixed:
        schema.setdefault("minimum", min(fixed))
        schema.setdefault("maximum", max(fixed))
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if strict and (low is None or high is None):
        findings.add(place, "an integer of a request needs ge and le (B5)")
    if low is None:
        low = schema["minimum"] = -_SAFE_INTEGER
    if high is None:
        high = schema["maximum"] = _SAFE_INTEGER
    schema.setdefault("format", "int32" if low >= -_INT32 - 1 and high <= _INT32 else "int64")
