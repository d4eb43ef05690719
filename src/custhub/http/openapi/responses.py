"""The responses of an operation: success with its headers, and one problem response per status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from custhub.http.errors import status_of
from custhub.http.issues import issue
from custhub.http.json_body import DUPLICATE
from custhub.http.openapi.shared import PROBLEM, SAMPLE_REQUEST_ID, header_refs
from custhub.http.openapi.traits import (
    BODY,
    CURSOR,
    EVERY,
    IDEMPOTENCY_REQUIRED,
    IDEMPOTENT,
    IF_MATCH,
    IF_MATCH_REQUIRED,
    ITEM,
    JSON_BODY,
    NOT_IDEMPOTENT,
    SECURED,
    WRITE,
    Trait,
)
from custhub.kit.errors import HubError

Json = dict[str, Any]

_MEDIA = "application/problem+json"
_SUCCESS = {
    "200": "Done.",
    "201": "Created.",
    "202": "Accepted; the work goes on as a job.",
    "204": "Done; there is no body.",
    "304": "Unchanged since the copy that the client holds.",
}
_STATUS_HEADERS: dict[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    412: ("ETag",),
    415: ("Accept-Patch",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
#: Component name -> the traits whose codes of one status make exactly this response.
_SHARED: dict[str, tuple[int, tuple[Trait, ...]]] = {
    "InvalidJson": (400, (JSON_BODY,)),
    "InvalidKey": (400, (IDEMPOTENT,)),
    "InvalidJsonOrKey": (400, (JSON_BODY, IDEMPOTENT)),
    "InvalidJsonOrMissingKey": (400, (JSON_BODY, IDEMPOTENCY_REQUIRED)),
    "InvalidJsonOrNeedlessKey": (400, (JSON_BODY, NOT_IDEMPOTENT)),
    "Unauthenticated": (401, (SECURED,)),
    "Forbidden": (403, (SECURED,)),
    "NotFound": (404, (ITEM,)),
    "InProgress": (409, (IDEMPOTENT,)),
    "AnswerErased": (410, (IDEMPOTENT,)),
    "PreconditionFailed": (412, (IF_MATCH,)),
    "PayloadTooLarge": (413, (BODY,)),
    "UnsupportedMediaType": (415, (BODY,)),
    "Invalid": (422, (EVERY,)),
    "InvalidCursor": (422, (EVERY, CURSOR)),
    "InvalidOrKeyReused": (422, (EVERY, IDEMPOTENT)),
    "PreconditionRequired": (428, (IF_MATCH_REQUIRED,)),
    "TooManyRequests": (429, (SECURED,)),
    "InternalError": (500, (EVERY,)),
    "Unavailable": (503, (SECURED,)),
    "UnavailableOrBusy": (503, (SECURED, WRITE)),
    "StorageFull": (507, (WRITE,)),
}

_ISSUE_SAMPLES: dict[str, Json] = {
    code: {"pointer": shown.pointer, "location": shown.location, "code": shown.code, "detail": shown.detail}
    for code, shown in (
        ("validation_failed", issue("#/tags/3", "too_long")),
        ("unknown_field", issue("#/colour", "unknown_field")),
        ("invalid_json", DUPLICATE),
    )
}
_MEMBER_SAMPLES: dict[str, Json] = {"insufficient_scope": {"scope": "customers:read"}}


class Responses:
    """Writes problem responses from a registry of errors; `missing` collects codes that it lacks."""

    def __init__(self, registry: Mapping[str, type[HubError]]) -> None:
        self._registry = registry
        self.missing: set[str] = set()
        self._names = {
            (status, self._of_status(status, having)): name
            for name, (status, having) in _SHARED.items()
            if all(code in registry for trait in having for code in trait.codes)
        }

    def components(self) -> tuple[dict[str, Json], dict[str, Json]]:
        """Shared responses and the example of every code, by name."""
        responses = {
            name: self._problem(status, codes) for (status, codes), name in sorted(self._names.items(), key=_name)
        }
        return responses, {code: self._example(code) for code in sorted(self._registry)}

    def complete(self, declared: Mapping[str, Json], having: Iterable[Trait], own: Iterable[str]) -> Json:
        """All responses of an operation, sorted by status.

        `declared` are FastAPI's, `own` the codes of the route's `problems(...)`.
        """
        traits = tuple(having)
        found = {status: dict(response) for status, response in declared.items()}
        headers = {header for trait in traits for header in trait.headers}
        for status, response in found.items():
            if status.startswith("2"):
                self._succeed(status, response, headers)
        if any(trait.not_modified for trait in traits):
            found["304"] = {"description": _SUCCESS["304"], "headers": header_refs(("ETag", *EVERY.headers))}
        for code_status, codes in self._by_status(traits, own).items():
            explicit = _spelled_out(found.get(str(code_status)))
            found[str(code_status)] = (
                self._reference(code_status, codes) if explicit is None else self._merge(explicit, code_status, codes)
            )
        for status, response in found.items():
            if status >= "400" and "$ref" not in response:
                response["headers"] = {**_headers(int(status)), **response.get("headers", {})}
        return dict(sorted(found.items()))

    def _succeed(self, status: str, response: Json, headers: set[str]) -> None:
        if response.get("description") in (None, "", "Successful Response"):
            response["description"] = _SUCCESS.get(status, "Done.")
        response["headers"] = {**header_refs(headers), **response.get("headers", {})}

    def _by_status(self, traits: Iterable[Trait], own: Iterable[str]) -> dict[int, frozenset[str]]:
        codes = set(own) | {code for trait in traits if trait is not ITEM for code in trait.codes}
        grouped: dict[int, set[str]] = {}
        for code in codes:
            if (status := self._status(code)) is not None:
                grouped.setdefault(status, set()).add(code)
        if ITEM in traits and 404 not in grouped:
            grouped[404] = set(ITEM.codes)
        return {status: frozenset(found) for status, found in grouped.items()}

    def _status(self, code: str) -> int | None:
        error = self._registry.get(code)
        if error is None:
            self.missing.add(code)
            return None
        return status_of(error)

    def _of_status(self, status: int, having: Iterable[Trait]) -> frozenset[str]:
        codes = (code for trait in having for code in trait.codes)
        return frozenset(code for code in codes if status_of(self._registry[code]) == status)

    def _reference(self, status: int, codes: frozenset[str]) -> Json:
        name = self._names.get((status, codes))
        if name is not None:
            return {"$ref": f"#/components/responses/{name}"}
        return self._problem(status, codes)

    def _merge(self, explicit: Json, status: int, codes: frozenset[str]) -> Json:
        problem = self._problem(status, codes)
        return {
            **problem,
            "description": explicit.get("description") or problem["description"],
            "content": {**explicit.get("content", {}), **problem["content"]},
            "headers": {**problem["headers"], **explicit.get("headers", {})},
        }

    def _problem(self, status: int, codes: Iterable[str]) -> Json:
        known = sorted(code for code in codes if code in self._registry)
        return {
            "description": " · ".join(f"`{code}` {self._registry[code].text('en').title}" for code in known),
            "headers": _headers(status, known),
            "content": {
                _MEDIA: {
                    "schema": PROBLEM,
                    "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in known},
                }
            },
        }

    def _example(self, code: str) -> Json:
        error = self._registry[code]
        text = error.text("en")
        return {
            "summary": text.title,
            "value": {
                "type": f"/docs/errors/{code}",
                "title": text.title,
                "status": status_of(error),
                "code": code,
                "detail": text.detail,
                "request_id": SAMPLE_REQUEST_ID,
                "errors": [_ISSUE_SAMPLES[code]] if code in _ISSUE_SAMPLES else [],
                **getattr(error, "sample", _MEMBER_SAMPLES.get(code, {})),
            },
        }


def _headers(status: int, codes: Sequence[str] = ()) -> dict[str, Json]:
    repeat = ("Retry-After",) if "idempotency_in_progress" in codes else ()
    return header_refs((*EVERY.headers, *_STATUS_HEADERS.get(status, ()), *repeat))


def _spelled_out(response: Json | None) -> Json | None:
    """An error body that is no problem document: only RFC 6749 has one, and writes its type with the charset."""
    if response is None or "application/json" not in response.get("content", {}):
        return response
    content = {**response["content"]}
    content["application/json;charset=UTF-8"] = content.pop("application/json")
    return {**response, "content": content}


def _name(entry: tuple[tuple[int, frozenset[str]], str]) -> str:
    return entry[1]
