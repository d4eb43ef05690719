"""The OpenAPI 3.1 document of the hub, built from the routes (CONTRACT J1, J2, P1-P8)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from custhub.http.openapi.findings import Findings
from custhub.http.openapi.operations import Operations
from custhub.http.openapi.responses import Responses
from custhub.http.openapi.schemas import REF, check_names, clean_component, reachable, references
from custhub.http.openapi.shared import HEADERS, parameter_components, problem_schemas
from custhub.http.openapi.source import Source, read
from custhub.kit.errors import REGISTRY, HubError

Json = dict[str, Any]

_METHODS = ("get", "put", "post", "patch", "delete")
_DESCRIPTION = """\
One service that holds every customer a business knows: standardised, unique, encrypted where it matters.

**Reading.** Lists answer `data`, `next_cursor` and `has_more`; pass `next_cursor` back as `cursor`. Resources carry
`revision` and an `ETag`; `If-None-Match` saves the body of what has not changed.

**Writing.** `PATCH` is a JSON merge patch (RFC 7396). Send `If-Match` so as not to overwrite what others changed,
and an `Idempotency-Key` with each `POST`: a repeat replays the first answer. Request bodies and query strings
with unknown names are refused.

**Failures** are `application/problem+json` (RFC 9457). Decide by `code`; each has a page under `/docs/errors`.

**Growing.** Within `/v1` the hub only adds. Clients must ignore members and accept enum values that they do not know.

Times are RFC 3339 in UTC, ids are opaque texts with a prefix, money is in minor units.
"""
_SECURITY = """\
OAuth 2.0 access tokens as bearer tokens: JWTs signed with ES256, used after the best practices of RFC8725, valid
for ten minutes. Machines get them at `/v1/oauth/token`, people at `/v1/auth/login`. The rights of a call are those
of the token and of the caller's roles together.
"""


def build_document(
    app: FastAPI,
    *,
    version: str,
    scopes: Mapping[str, str],
    registry: Mapping[str, type[HubError]] = REGISTRY,
) -> Json:
    """The whole document; `scopes` maps each scope to its description.

    Raises DocumentError with one line per route or schema that breaks a rule.
    """
    findings = Findings()
    source = read(app.router.routes, app.webhooks.routes)
    schemas = _named(source, findings)
    responses = Responses(registry)
    operations = Operations(
        schemas,
        responses,
        findings,
        tags=frozenset(tag["name"] for tag in app.openapi_tags or () if tag.get("description")),
        scopes=scopes,
    )
    paths: dict[str, Json] = {}
    for raw in source.operations:
        paths.setdefault(raw.path, {})[raw.method] = operations.complete(raw)
    webhooks = {raw.path: {raw.method: operations.complete_webhook(raw)} for raw in source.webhooks}
    paths = {path: {method: paths[path][method] for method in _METHODS if method in paths[path]} for path in paths}
    _clean(schemas, paths, findings)
    shared_responses, examples = responses.components()
    for code in sorted(responses.missing):
        findings.add(f"error code {code}", "is not registered")
    all_schemas = {**schemas, **problem_schemas(registry)}
    for name in sorted({*references(paths), *references(webhooks), *references(all_schemas)} - all_schemas.keys()):
        findings.add(name, "is referred to but no schema")
    findings.settle()
    return {
        "openapi": "3.1.0",
        "info": _info(version),
        "servers": _servers(),
        "tags": [dict(tag) for tag in app.openapi_tags or ()],
        "paths": dict(sorted(paths.items())),
        **({"webhooks": dict(sorted(webhooks.items()))} if webhooks else {}),
        "components": {
            "schemas": dict(sorted(all_schemas.items())),
            "responses": shared_responses,
            "parameters": parameter_components(),
            "headers": dict(sorted(HEADERS.items())),
            "examples": examples,
            "securitySchemes": {name: _security(scopes) for name in source.schemes or ("oauth2",)},
        },
    }


def dump(document: Json) -> str:
    """The text of `openapi/openapi.json`: the same document always gives the same text."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _info(version: str) -> Json:
    return {
        "title": "custhub",
        "version": version,
        "summary": "A headless customer hub.",
        "description": _DESCRIPTION,
        "contact": {"name": "custhub contributors"},
        "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
    }


def _servers() -> list[Json]:
    return [
        {"url": "/", "description": "The hub that serves this document."},
        {
            "url": "https://{host}",
            "description": "A hub in production.",
            "variables": {"host": {"default": "localhost", "description": "Name of the host, with the port if any."}},
        },
    ]


def _security(scopes: Mapping[str, str]) -> Json:
    return {
        "type": "oauth2",
        "description": _SECURITY,
        "flows": {"clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": dict(sorted(scopes.items()))}},
    }


def _named(source: Source, findings: Findings) -> dict[str, Json]:
    """The schemas under their final names.

    `Body_...` is renamed after its operation (P14). `CustomerRead` is `Customer` to the world: generated classes and
    tools that match `{customer_id}` with what has such an id know no suffix of ours.
    """
    schemas = dict(source.schemas)
    renamed: dict[str, str] = {}
    for raw in source.operations:
        old = f"Body_{raw.unique_id}"
        if old in schemas:
            new = "".join(word.capitalize() for word in raw.name.split("_")) + "Form"
            schemas[new] = {"description": f"Form of `{raw.name}`.", **schemas.pop(old)}
            schemas[new].setdefault("additionalProperties", False)
            renamed[REF + old] = REF + new
    for old in source.schemas:
        new = old.removesuffix("Read")
        if new != old and new not in schemas:
            schemas[new] = schemas.pop(old)
            renamed[REF + old] = REF + new
    for raw in (*source.operations, *source.webhooks):
        _rename(raw.body, renamed)
    _rename(schemas, renamed)
    check_names(schemas, findings)
    return schemas


def _rename(node: object, renamed: Mapping[str, str]) -> None:
    if isinstance(node, dict):
        if node.get("$ref") in renamed:
            node["$ref"] = renamed[node["$ref"]]
        for value in node.values():
            _rename(value, renamed)
    elif isinstance(node, list):
        for value in node:
            _rename(value, renamed)


def _clean(schemas: dict[str, Json], paths: dict[str, Json], findings: Findings) -> None:
    operations = [operation for item in paths.values() for operation in item.values()]
    requests = reachable(
        (
            name
            for operation in operations
            for part in ("parameters", "requestBody")
            for name in references(operation.get(part))
        ),
        schemas,
    )
    bodies = {name for operation in operations for name in references(operation.get("requestBody"))}
    patches = {name for item in paths.values() for name in references(item.get("patch", {}).get("requestBody"))}
    for name, schema in schemas.items():
        clean_component(name, schema, findings, request=name in requests)
        if name in bodies:
            # Moved to the media types that use them.
            schema.pop("examples", None)
        if name in patches:
            # Absent means unchanged (D1): a default would say otherwise.
            for member in schema.get("properties", {}).values():
                member.pop("default", None)
