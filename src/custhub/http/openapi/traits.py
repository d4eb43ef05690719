"""What an operation does with the protocol, and what follows from it for the document.

A trait stands for one piece of behaviour of the edge ("checks If-Match") and carries all that a reader of the
document must see of it: request headers, error codes, response headers. The builder finds most traits by
itself; a dependency names its own with `declares`, a route the rest with `traits`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic.config import JsonDict

from custhub.kit.errors import HubError

Declared = TypeVar("Declared", bound=Callable[..., object])

EXTENSION = "x-custhub"
CODES = "x-codes"
ON_REQUEST = "x-on-request"
#: `json_schema_extra=` of a member that an answer has only when the call asked for it (`include=can`).
SHOWN_ON_REQUEST: JsonDict = {ON_REQUEST: True}


@dataclass(frozen=True, slots=True)
class Trait:
    """One behaviour of an operation.

    `parameters` and `required` name shared request headers, `codes` the errors that it can end in, `headers`
    the shared headers of its 2xx answers.
    """

    name: str
    codes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    not_modified: bool = False


EVERY = Trait(
    "every",
    codes=("internal_error", "validation_failed", "unknown_field"),
    headers=("X-Request-Id", "RateLimit", "RateLimit-Policy"),
)
SECURED = Trait(
    "secured",
    codes=(
        "token_missing",
        "invalid_token",
        "insufficient_scope",
        "mfa_enrolment_required",
        "address_not_allowed",
        "rate_limited",
        "database_unavailable",
    ),
)
WRITE = Trait("write", codes=("lock_timeout", "storage_full"))
BODY = Trait("body", codes=("payload_too_large", "unsupported_media_type"))
JSON_BODY = Trait("json_body", codes=("invalid_json",))
ITEM = Trait("item", codes=("not_found",))
CURSOR = Trait("cursor", codes=("invalid_cursor",))
CREATED = Trait("created", headers=("Location",))
ACCEPTED = Trait("accepted", headers=("Location", "Retry-After"))
VERSIONED = Trait("versioned", headers=("ETag",))
PAGED = Trait("paged", headers=("Link",))
DEPRECATED = Trait("deprecated", headers=("Deprecation", "Sunset", "Link"))
NO_STORE = Trait("no_store", headers=("Cache-Control",))

IDEMPOTENT = Trait(
    "idempotent",
    codes=(
        "idempotency_key_invalid",
        "idempotency_in_progress",
        "idempotency_key_reused",
        "idempotency_answer_erased",
    ),
    parameters=("Idempotency-Key",),
    headers=("Idempotency-Replayed",),
)
IDEMPOTENCY_REQUIRED = Trait(
    "idempotency_required",
    codes=("idempotency_key_required", *IDEMPOTENT.codes),
    required=("Idempotency-Key",),
    headers=IDEMPOTENT.headers,
)
NOT_IDEMPOTENT = Trait("not_idempotent", codes=("idempotency_not_supported",))
IF_MATCH = Trait("if_match", codes=("precondition_failed",), parameters=("If-Match",))
IF_MATCH_REQUIRED = Trait(
    "if_match_required", codes=("precondition_failed", "precondition_required"), required=("If-Match",)
)
CONDITIONAL = Trait("conditional", parameters=("If-None-Match",), headers=("ETag", "Cache-Control"), not_modified=True)
REQUEST_ID = Trait("request_id", parameters=("X-Request-Id",))
LANGUAGE = Trait("language", parameters=("Accept-Language",))

#: The trait that a header parameter known to FastAPI stands for: name in lower case, required.
BY_HEADER: dict[tuple[str, bool], Trait] = {
    (name.lower(), required): trait
    for trait in (
        IDEMPOTENT,
        IDEMPOTENCY_REQUIRED,
        IF_MATCH,
        IF_MATCH_REQUIRED,
        CONDITIONAL,
        REQUEST_ID,
        LANGUAGE,
    )
    for names, required in ((trait.parameters, False), (trait.required, True))
    for name in names
}


def problems(*errors: type[HubError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: the errors that its own use case raises, not those of the edge.

    The builder turns them into `application/problem+json` responses of their statuses, with one example per code.
    """
    return {"default": {CODES: [error.code for error in errors]}}


def traits(*having: Trait, without: tuple[Trait, ...] = ()) -> dict[str, Any]:
    """The `openapi_extra=` of a route with behaviour that FastAPI cannot see, or lacking what the builder assumes."""
    return {EXTENSION: {"having": having, "without": without}}


def declares(*having: Trait) -> Callable[[Declared], Declared]:
    """Marks a dependency: every operation that uses it, however deep, has these traits."""

    def mark(dependency: Declared) -> Declared:
        dependency.openapi_traits = having  # type: ignore[attr-defined]
        return dependency

    return mark
