"""The shared components that no route owns: request headers, response headers, the problem schema."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

REQUEST_ID_PATTERN = "^[A-Za-z0-9_-]{1,64}$"
CODE_PATTERN = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
_LENGTHS = ("min_length", "max_length", "min_items", "max_items")
_NUMBERS = ("minimum", "maximum", "exclusive_minimum", "exclusive_maximum")
_LENGTH: Json = {"format": "int32", "minimum": 0, "maximum": 2_147_483_647}
_ANY_NUMBER: Json = {"minimum": -1e300, "maximum": 1e300}
SAMPLE_REQUEST_ID = "0a1f3c5e7b9d4e2f8a6c4b2d0e1f3a5c"


def _text(maximum: int, **more: object) -> Json:
    return {"type": "string", "maxLength": maximum, **more}


def _parameter(name: str, description: str, example: str | None, **schema: object) -> Json:
    parameter = {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }
    return parameter if example is None else {**parameter, "example": example}


#: Request headers by the name on the wire; `IdempotencyKeyRequired` and its like are made from them.
PARAMETERS: dict[str, Json] = {
    parameter["name"]: parameter
    for parameter in (
        _parameter(
            "Accept-Language",
            "Language of `title` and `detail` in problems: `zh` or `en`.",
            "zh-CN, en;q=0.8",
            maxLength=256,
        ),
        _parameter(
            "Idempotency-Key",
            "Makes the call repeatable: a repeat with the same key and body replays the first answer for 24 hours, "
            "marked `Idempotency-Replayed: true`. The same key with another body is refused.",
            None,  # one that a program copied would be refused at its second use
            minLength=8,
            maxLength=257,
            pattern='^"?[A-Za-z0-9_-]{8,255}"?$',
        ),
        _parameter(
            "If-Match",
            "The `ETag` of the revision that the change was made for; another stored revision is refused with 412.",
            '"7-1f0c9a2e"',
            maxLength=256,
        ),
        _parameter(
            "If-None-Match",
            "The `ETag` of a copy that the client holds; unchanged, the answer is 304 without a body.",
            '"7-1f0c9a2e"',
            maxLength=1024,
        ),
        _parameter(
            "X-Request-Id",
            "The caller's id of this request, echoed and logged; made by the hub when absent.",
            SAMPLE_REQUEST_ID,
            maxLength=64,
            pattern=REQUEST_ID_PATTERN,
        ),
    )
}


#: Tools that know these headers look for their names in the operation and follow no reference, so they stand there.
_WRITTEN_OUT = ("Idempotency-Key", "If-Match", "If-None-Match")


def shared_parameter(name: str, *, required: bool) -> Json:
    """A shared request header as an operation lists it."""
    if name in _WRITTEN_OUT:
        return {**PARAMETERS[name], "required": required}
    return {"$ref": f"#/components/parameters/{name.replace('-', '')}"}


def parameter_components() -> dict[str, Json]:
    """The shared request headers that operations refer to."""
    return {name.replace("-", ""): value for name, value in PARAMETERS.items() if name not in _WRITTEN_OUT}


def _header(description: str, schema: Json, example: str | int) -> Json:
    return {"description": description, "schema": schema, "example": example}


HEADERS: dict[str, Json] = {
    "Accept-Patch": _header(
        "Media types that a PATCH of this address reads.", _text(256), "application/merge-patch+json, application/json"
    ),
    "Cache-Control": _header(
        "`private, no-cache` for resources, `no-store` for secrets.", _text(64), "private, no-cache"
    ),
    "Deprecation": _header(
        "Since when this operation is deprecated (RFC 9745).", _text(24, pattern="^@[0-9]+$"), "@1798761600"
    ),
    "ETag": _header(
        "The revision of the body, strong. Send it back as `If-Match` or `If-None-Match`.",
        _text(64, pattern='^"[0-9]+-[0-9a-f]{8}"$'),
        '"7-1f0c9a2e"',
    ),
    "Idempotency-Replayed": _header(
        "`true` when this is the stored answer of an earlier call with the same key.",
        {"type": "string", "enum": ["true"]},
        "true",
    ),
    "Link": _header(
        'The next page with `rel="next"`, where there is one.',
        _text(8192),
        '</v1/customers?cursor=c1.eyJrIjoi>; rel="next"',
    ),
    "Location": _header(
        "Address of what was made, or of the job that works on it.",
        _text(2048, format="uri-reference"),
        "/v1/customers/cus_01jh3kz8y4f6v2m9q7t5w1x0ab",
    ),
    "RateLimit": _header(
        "What is left of the caller's limit; on authenticated answers.", _text(256), '"default";r=5998;t=30'
    ),
    "RateLimit-Policy": _header("The caller's limit; on authenticated answers.", _text(256), '"default";q=6000;w=60'),
    "Retry-After": _header(
        "Seconds to wait before the next attempt.",
        {"type": "integer", "format": "int32", "minimum": 0, "maximum": 604_800},
        30,
    ),
    "Sunset": _header("When this operation goes away (RFC 8594).", _text(64), "Thu, 31 Dec 2026 23:59:59 GMT"),
    "WWW-Authenticate": _header("How to authenticate (RFC 6750).", _text(1024), 'Bearer error="invalid_token"'),
    "X-Request-Id": _header(
        "Id of this request, equal to `request_id` in problems and logs.",
        _text(64, pattern=REQUEST_ID_PATTERN),
        SAMPLE_REQUEST_ID,
    ),
}


def header_refs(names: Iterable[str]) -> dict[str, Json]:
    """References to shared response headers, sorted by name."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(set(names))}


def problem_schemas(codes: Iterable[str]) -> dict[str, Json]:
    """`Problem`, `ProblemIssue`, `ProblemExpected` and `ErrorCode`, the open list of `codes`."""
    known = sorted(codes)
    return {
        "ErrorCode": {
            "type": "string",
            "description": "The codes of this version. The list is open: clients must accept codes they do not know.",
            "enum": known,
        },
        "Problem": {
            "type": "object",
            "description": "A refusal or failure (RFC 9457). Conflicts and missing rights name what they are about in "
            "further members; clients ignore members that they do not know.",
            "properties": {
                "type": _text(128, format="uri-reference", description="Page that explains the code."),
                "title": _text(256, description="The code in words, in the language of the request."),
                "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
                "code": {
                    "description": "Stable name of the failure; decide by it, not by the texts.",
                    "anyOf": [
                        {"$ref": "#/components/schemas/ErrorCode"},
                        _text(64, pattern=CODE_PATTERN),
                    ],
                },
                "detail": _text(
                    2048, description="What happened and what to do. Never repeats a value of the request."
                ),
                "request_id": _text(64, pattern=REQUEST_ID_PATTERN, description="Equal to `X-Request-Id`."),
                "errors": {
                    "type": "array",
                    "description": "The refused members and parameters, each with its place.",
                    "items": {"$ref": "#/components/schemas/ProblemIssue"},
                    "maxItems": 1000,
                },
                "existing_id": _text(
                    30, pattern="^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$", description="What a conflict is with."
                ),
                "scope": _text(64, description="The missing scope, with `insufficient_scope`."),
            },
            "required": ["type", "title", "status", "code", "detail", "request_id", "errors"],
        },
        "ProblemIssue": {
            "type": "object",
            "description": "One refused member of a body, or one refused parameter.",
            "properties": {
                "pointer": _text(
                    1024, description="RFC 6901 pointer into the body (`#/tags/3`), or `#/name` of a parameter."
                ),
                "location": {"type": "string", "enum": ["body", "query", "path", "header"]},
                "code": _text(64, pattern=CODE_PATTERN),
                "detail": _text(2048),
                "expected": {"$ref": "#/components/schemas/ProblemExpected"},
            },
            "required": ["pointer", "location", "code", "detail"],
        },
        "ProblemExpected": {
            "type": "object",
            "description": "What would have been right, as the document says it; only what applies is there.",
            "properties": {
                "type": _text(16, description="A type of JSON: `string`, `integer`, `number`, `boolean`, `array`, ..."),
                "values": {
                    "type": "array",
                    "description": "The documented values.",
                    "items": _text(100),
                    "maxItems": 500,
                },
                **{name: {"type": "integer", **_LENGTH} for name in _LENGTHS},
                **{name: {"type": "number", "format": "double", **_ANY_NUMBER} for name in _NUMBERS},
            },
        },
    }
