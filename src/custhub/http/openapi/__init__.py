"""The OpenAPI document: what routes declare, and the builder.

A route declares `responses=problems(PhoneInvalid, PhoneTaken)` and, rarely, `openapi_extra=traits(...)`;
everything else follows from its path, method, models and dependencies.
"""

from __future__ import annotations

from custhub.http.openapi.document import build_document, dump
from custhub.http.openapi.findings import DocumentError
from custhub.http.openapi.traits import (
    CONDITIONAL,
    IDEMPOTENCY_REQUIRED,
    IDEMPOTENT,
    IF_MATCH,
    IF_MATCH_REQUIRED,
    LANGUAGE,
    NO_STORE,
    NOT_IDEMPOTENT,
    REQUEST_ID,
    SHOWN_ON_REQUEST,
    Trait,
    declares,
    problems,
    traits,
)

__all__ = [
    "CONDITIONAL",
    "IDEMPOTENCY_REQUIRED",
    "IDEMPOTENT",
    "IF_MATCH",
    "IF_MATCH_REQUIRED",
    "LANGUAGE",
    "NOT_IDEMPOTENT",
    "NO_STORE",
    "REQUEST_ID",
    "SHOWN_ON_REQUEST",
    "DocumentError",
    "Trait",
    "build_document",
    "declares",
    "dump",
    "problems",
    "traits",
]
