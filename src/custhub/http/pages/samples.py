"""Sample calls and answers, made from the document."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

Json = dict[str, Any]

_TEXTS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T08:00:00Z",
    "uri": "https://hooks.example/custhub",
    "uri-reference": "/v1/jobs/job_01jh3kz8y4f6v2m9q7t5w1x0ab",
    "email": "xiaoming@mail.example",
}
_PLACE = re.compile(r"\{(\w+)\}")
_DEPTH = 4


def resolve(document: Json, node: Json) -> Json:
    """`node`, or what its reference leads to."""
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def example_of(media: Json) -> object:
    """The first example of a media type; None without one."""
    if "example" in media:
        return media["example"]
    for example in media.get("examples", {}).values():
        return example.get("value")
    return None


def pretty(value: object) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def curl(path: str, method: str, parameters: list[Json], content: Json, *, secured: bool) -> str:
    """A shell command that makes the call; `$HUB`, `$TOKEN` and the ids stand for the reader's own."""
    address = "$HUB" + _PLACE.sub(lambda found: "$" + found[1].upper(), path)
    lines = [f'curl "{address}"' if method == "get" else f'curl -X {method.upper()} "{address}"']
    if secured:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [
        f"-H {shlex.quote(parameter['name'] + ': ' + str(parameter.get('example', '...')))}"
        for parameter in parameters
        if parameter["in"] == "header" and parameter["required"]
    ]
    for media_type, media in content.items():
        example = example_of(media)
        if media_type == "application/x-www-form-urlencoded" and isinstance(example, dict):
            lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.items()]
        elif media_type == "multipart/form-data":
            lines.append("-F file=@file")
        else:
            lines.append(f"-H 'Content-Type: {media_type}'")
            sent = "@file" if example is None else json.dumps(example, ensure_ascii=False)
            lines.append(f"--data-binary {shlex.quote(sent)}")
        break
    return " \\\n  ".join(lines)


def sample(document: Json, schema: Json, depth: int = 0) -> object:
    """A value of the shape of `schema`."""
    schema = resolve(document, schema)
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    if "const" in schema:
        return schema["const"]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return sample(document, schema[keyword][0], depth)
    kind = schema.get("type")
    if kind == "object":
        if depth >= _DEPTH:
            return {}
        return {name: sample(document, member, depth + 1) for name, member in schema.get("properties", {}).items()}
    if kind == "array":
        return [] if depth >= _DEPTH else [sample(document, schema.get("items", {}), depth + 1)]
    return _scalar(kind, schema)


def _scalar(kind: object, schema: Json) -> object:
    if kind == "string":
        return _TEXTS.get(schema.get("format", ""), "string")
    if kind == "integer":
        return max(schema.get("minimum", 1), min(1, schema.get("maximum", 1)))
    if kind == "number":
        return 0.5
    return True if kind == "boolean" else None
