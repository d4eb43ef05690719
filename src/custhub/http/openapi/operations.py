"""Operations: names, texts, parameters, security, and the traits that follow from their shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from custhub.http.idempotency import Rule, rule_of
from custhub.http.openapi.bodies import complete_answer, complete_request, is_json, properties_of
from custhub.http.openapi.findings import Findings
from custhub.http.openapi.responses import Responses
from custhub.http.openapi.schemas import clean_inline, without_null
from custhub.http.openapi.shared import PARAMETERS, shared_parameter
from custhub.http.openapi.source import RawOperation
from custhub.http.openapi.traits import (
    ACCEPTED,
    BODY,
    BY_HEADER,
    CODES,
    CREATED,
    CURSOR,
    DEPRECATED,
    EVERY,
    IDEMPOTENCY_REQUIRED,
    IDEMPOTENT,
    IF_MATCH,
    IF_MATCH_REQUIRED,
    ITEM,
    JSON_BODY,
    NOT_IDEMPOTENT,
    PAGED,
    SECURED,
    VERSIONED,
    WRITE,
    Trait,
)

Json = dict[str, Any]

_ID = re.compile(r"[a-z]+(_[a-z0-9]+)+")
_ID_LEAKS = re.compile(r"_v1_|__|_(get|post|put|patch|delete)$")
_KEYS = {
    Rule.ACCEPTED: IDEMPOTENT,
    Rule.REQUIRED: IDEMPOTENCY_REQUIRED,
    Rule.REFUSED: NOT_IDEMPOTENT,
}
_VALIDATION_REF = "#/components/schemas/HTTPValidationError"
_ORDER = ("tags", "summary", "description", "operationId", "deprecated", "parameters", "requestBody", "responses")


class Operations:
    """Completes raw operations; one object per document, as it checks what must be unique in it."""

    def __init__(
        self,
        schemas: dict[str, Json],
        responses: Responses,
        findings: Findings,
        *,
        tags: frozenset[str],
        scopes: Mapping[str, str],
    ) -> None:
        self._schemas = schemas
        self._responses = responses
        self._findings = findings
        self._tags = tags
        self._scopes = scopes
        self._ids: set[str] = set()

    def complete(self, raw: RawOperation) -> Json:
        """The finished operation of a path."""
        operation = raw.body
        self._describe(raw)
        secured = self._secure(raw)
        own = operation["responses"].pop("default", {}).get(CODES, [])
        self._drop_validation_response(operation)
        having = [*raw.having, *self._parameters(raw)]
        if "requestBody" in operation:
            complete_request(operation["requestBody"], raw.method, raw.location, self._schemas, self._findings)
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                complete_answer(response, raw.location, self._findings)
        having.extend(self._derived(raw, secured=secured))
        operation["responses"] = self._responses.complete(operation["responses"], _settled(having, raw.without), own)
        operation["parameters"] = self._with_shared(operation, _settled(having, raw.without))
        return _ordered(operation)

    def complete_webhook(self, raw: RawOperation) -> Json:
        """The finished operation of an event that the hub sends (J3)."""
        operation = raw.body
        self._describe(raw)
        self._drop_validation_response(operation)
        for parameter in operation.get("parameters", ()):
            parameter["schema"] = without_null(parameter["schema"])
            clean_inline(parameter["schema"], f"{raw.location} {parameter['name']}", self._findings, strict=False)
        if "requestBody" in operation:
            complete_request(operation["requestBody"], raw.method, raw.location, self._schemas, self._findings)
        for response in operation["responses"].values():
            response.pop("content", None)
        operation["security"] = [{}]
        return _ordered(operation)

    def _describe(self, raw: RawOperation) -> None:
        operation, location = raw.body, raw.location
        # The endpoint's name, whatever FastAPI was told: webhooks ignore generate_unique_id_function (P4).
        operation_id = operation["operationId"] = raw.name
        if not _ID.fullmatch(operation_id) or _ID_LEAKS.search(operation_id):
            self._findings.add(location, f"operationId {operation_id} is not verb_noun (P4)")
        if operation_id in self._ids:
            self._findings.add(location, f"operationId {operation_id} is used twice (P4)")
        self._ids.add(operation_id)
        description = operation.get("description", "")
        if not description:
            self._findings.add(location, "the endpoint needs a docstring (J1)")
        first = " ".join(description.split("\n\n")[0].split())
        operation["summary"] = raw.summary or re.split(r"(?<=[.:;])\s", first)[0].rstrip(".:;")
        tags = operation.get("tags", [])
        if len(tags) != 1 or tags[0] not in self._tags:
            self._findings.add(location, "needs exactly one tag, described in openapi_tags (J1)")

    def _secure(self, raw: RawOperation) -> bool:
        requirements = raw.body.get("security", [])
        for scope in {scope for requirement in requirements for names in requirement.values() for scope in names}:
            if scope not in self._scopes:
                self._findings.add(raw.location, f"scope {scope} is not in the list of scopes (H2)")
        # An empty requirement says in the open that nobody is asked who he is.
        raw.body["security"] = requirements or [{}]
        return bool(requirements)

    def _drop_validation_response(self, operation: Json) -> None:
        response = operation["responses"].get("422", {})
        if response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref") == _VALIDATION_REF:
            del operation["responses"]["422"]

    def _parameters(self, raw: RawOperation) -> Iterator[Trait]:
        kept: list[Json] = []
        for parameter in raw.body.get("parameters", ()):
            location = f"{raw.location} {parameter['in']} {parameter['name']}"
            if parameter["in"] == "header":
                shared = BY_HEADER.get((parameter["name"].lower(), bool(parameter["required"])))
                if shared is not None:
                    yield shared
                    continue
            if parameter["in"] == "cookie":
                self._findings.add(location, "the hub reads no cookies (S-55)")
            parameter["schema"] = without_null(parameter["schema"])
            if parameter.get("example", ...) is None:
                # FastAPI writes this for the fields of a query model that have none.
                del parameter["example"]
            clean_inline(parameter["schema"], location, self._findings, strict=True)
            description = parameter["schema"].pop("description", None)
            if description is not None:
                parameter.setdefault("description", description)
            if not parameter.get("description"):
                if not parameter["name"].endswith("_id"):
                    self._findings.add(location, "a parameter needs a description")
                parameter["description"] = f"Id of the {parameter['name'].removesuffix('_id').replace('_', ' ')}."
            kept.append(parameter)
        raw.body["parameters"] = kept

    def _with_shared(self, operation: Json, having: tuple[Trait, ...]) -> list[Json]:
        wanted = {name: name in trait.required for trait in having for name in (*trait.parameters, *trait.required)}
        shared = (shared_parameter(name, required=wanted[name]) for name in PARAMETERS if name in wanted)
        return [*operation["parameters"], *shared]

    def _derived(self, raw: RawOperation, *, secured: bool) -> Iterator[Trait]:
        operation = raw.body
        body = operation.get("requestBody")
        yield EVERY
        if secured:
            yield SECURED
            if raw.method != "get":
                yield WRITE
        if body is not None:
            yield BODY
            if any(is_json(media_type) for media_type in body["content"]):
                yield JSON_BODY
        if "{" in raw.path:
            yield ITEM
        if operation.get("deprecated"):
            yield DEPRECATED
        if any(parameter["name"] == "cursor" for parameter in operation["parameters"]):
            yield CURSOR
        if raw.method == "post":
            keys = _KEYS.get(rule_of(raw.path))
            if keys is not None and (secured or keys is NOT_IDEMPOTENT):
                yield keys
        if raw.method in ("patch", "delete") and secured:
            yield IF_MATCH
        yield from self._derived_from_answers(operation["responses"])

    def _derived_from_answers(self, responses: Json) -> Iterator[Trait]:
        if "201" in responses:
            yield CREATED
        if "202" in responses:
            yield ACCEPTED
        for status, response in responses.items():
            if status.startswith("2"):
                members = properties_of(response, self._schemas)
                if "revision" in members:
                    yield VERSIONED
                if "next_cursor" in members:
                    yield PAGED


def _settled(having: list[Trait], without: tuple[Trait, ...]) -> tuple[Trait, ...]:
    """Each trait once; a stricter one replaces its milder form."""
    dropped = set(without)
    if IDEMPOTENCY_REQUIRED in having or NOT_IDEMPOTENT in having:
        dropped.add(IDEMPOTENT)
    if IF_MATCH_REQUIRED in having:
        dropped.add(IF_MATCH)
    return tuple(trait for trait in dict.fromkeys(having) if trait not in dropped)


def _ordered(operation: Json) -> Json:
    if not operation.get("parameters"):
        operation.pop("parameters", None)
    known = {key: operation[key] for key in _ORDER if key in operation}
    return {**known, **{key: operation[key] for key in sorted(operation) if key not in known}}
