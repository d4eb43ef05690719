"""Bodies: media types, examples and shapes of what goes in and comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from custhub.http.openapi.findings import Findings
from custhub.http.openapi.schemas import REF, clean_inline

Json = dict[str, Any]

JSON_MEDIA = "application/json"
MERGE_PATCH = "application/merge-patch+json"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def complete_request(body: Json, method: str, location: str, schemas: dict[str, Json], findings: Findings) -> None:
    """Adds the example and, for a PATCH, the merge patch media type (D1), in place."""
    content: Json = body["content"]
    for media_type, media in content.items():
        schema = media.get("schema", {})
        clean_inline(schema, f"{location} body", findings, strict=True)
        if not is_json(media_type) and media_type not in _FORMS:
            continue
        if not _is_named(schema):
            findings.add(location, "the body needs a named model (J2)")
        elif not media.keys() & {"example", "examples"}:
            _add_examples(media, schema, schemas)
            if not media.keys() & {"example", "examples"} and not _is_upload(schema, schemas):
                findings.add(location, "the body's model needs examples in json_schema_extra (J1)")
    if method == "patch" and set(content) == {JSON_MEDIA}:
        body["content"] = {MERGE_PATCH: content[JSON_MEDIA], JSON_MEDIA: content[JSON_MEDIA]}


def complete_answer(response: Json, location: str, findings: Findings) -> None:
    """Checks the shape of a 2xx body and replaces 3.2 keywords (P1), in place."""
    for media_type, media in response.get("content", {}).items():
        if "itemSchema" in media:
            _replace_item_schema(media)
        schema = media.get("schema", {})
        clean_inline(schema, f"{location} answer", findings, strict=False)
        if is_json(media_type) and not _is_named(schema):
            findings.add(location, "the answer needs a named model as response_model (J2)")


def is_json(media_type: str) -> bool:
    """Whether bodies of this type are one JSON value."""
    return media_type == JSON_MEDIA or media_type.endswith("+json")


def properties_of(response: Json, schemas: dict[str, Json]) -> set[str]:
    """Members of a JSON response, those of its branches included."""
    schema = response.get("content", {}).get(JSON_MEDIA, {}).get("schema", {})
    return {name for resolved in _branches(schema, schemas) for name in resolved.get("properties", ())}


def _is_named(schema: Json) -> bool:
    branches = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return all("$ref" in branch for branch in branches)


def _branches(schema: Json, schemas: dict[str, Json]) -> Iterator[Json]:
    if "$ref" in schema:
        schema = schemas.get(schema["$ref"].removeprefix(REF), {})
        yield schema
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _branches(branch, schemas)


def _add_examples(media: Json, schema: Json, schemas: dict[str, Json]) -> None:
    examples = [
        _in_order(example, branch) for branch in _branches(schema, schemas) for example in branch.get("examples", ())
    ]
    if len(examples) == 1:
        media["example"] = examples[0]
    elif examples:
        media["examples"] = {f"example_{number}": {"value": value} for number, value in enumerate(examples, 1)}


def _in_order(example: object, schema: Json) -> object:
    # Pydantic sorts the members of examples; readers expect them as the model has them.
    if not isinstance(example, dict):
        return example
    first = [name for name in schema.get("properties", ()) if name in example]
    return {name: example[name] for name in dict.fromkeys((*first, *example))}


def _is_upload(schema: Json, schemas: dict[str, Json]) -> bool:
    return any(
        member.get("format") == "binary" or "contentMediaType" in member
        for branch in _branches(schema, schemas)
        for member in branch.get("properties", {}).values()
    )


def _replace_item_schema(media: Json) -> None:
    item = media.pop("itemSchema")
    data = item.get("properties", {}).get("data", {})
    media["schema"] = {
        "type": "string",
        "description": "A stream; each item is one JSON text of the schema named here.",
        "contentMediaType": JSON_MEDIA,
        "contentSchema": data.get("contentSchema", item) if "properties" in item else item,
    }
