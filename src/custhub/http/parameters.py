"""What an address and its headers may say, checked as it came: once a model reads it, the spelling is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import unquote_plus, unquote_to_bytes

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel
from starlette.requests import Request

from custhub.http.errors import UnknownField, ValidationFailed
from custhub.http.issues import issue, pointer
from custhub.http.openapi.shared import PARAMETERS
from custhub.kit.errors import FieldIssue, Location

_LIMITS = tuple(
    (name.lower().encode(), int(PARAMETERS[name]["schema"]["maxLength"])) for name in ("If-Match", "If-None-Match")
)
_INTEGER = re.compile("-?[1-9][0-9]*|0")
_BOOLEAN = re.compile("true|false")
_SPELLINGS = {int: _INTEGER, bool: _BOOLEAN}
#: Stands where a decoder met bytes that are no UTF-8, or where somebody wrote it.
_REPLACED = "\ufffd"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class QueryRules:
    """What the query string of one route may hold: names, those that may repeat, those with one spelling only."""

    known: frozenset[str]
    repeated: frozenset[str]
    spelled: Mapping[str, re.Pattern[str]]

    @classmethod
    def of(cls, dependant: Dependant) -> QueryRules:
        """The rules of a route, from its parameters and those of its dependencies."""
        annotations = dict(_annotations(dependant))
        return cls(
            frozenset(annotations),
            frozenset(
                name for name, kind in annotations.items() if any(get_origin(k) is list for k in _branches(kind))
            ),
            {
                name: _SPELLINGS[branch]
                for name, kind in annotations.items()
                for branch in _branches(kind)
                if branch in _SPELLINGS
            },
        )

    def check(self, request: Request) -> None:
        """Raise UnknownField or ValidationFailed for what no model would see."""
        sent = request.query_params
        unknown = [name for name in sent if name not in self.known]
        if unknown:
            # The name is the caller's own text; only its length is limited here, values are never shown.
            raise UnknownField(
                issues=[issue(pointer(name[:64]), UnknownField.code, "query") for name in unknown[:_SHOWN]]
            )
        found = list(self._broken(sent.multi_items()))
        query: bytes = request.scope["query_string"]
        if not query.isascii() or any(_REPLACED in value for value in sent.values()):
            found += _issues(_not_utf8(query), "invalid_value", "query")
        if found:
            raise ValidationFailed(issues=found[:_SHOWN])

    def _broken(self, sent: list[tuple[str, str]]) -> Iterator[FieldIssue]:
        seen: set[str] = set()
        for name, value in sent:
            if name in seen and name not in self.repeated:
                yield issue(pointer(name), "repeated", "query")
            seen.add(name)
            spelling = self.spelled.get(name)
            if spelling is not None and spelling.fullmatch(value) is None:
                kind = "integer" if spelling is _INTEGER else "boolean"
                yield replace(issue(pointer(name), "wrong_type", "query"), expected=(("type", kind),))
            # A text with NUL can be no value: PostgreSQL stores none and would fail.
            if "\0" in value:
                yield issue(pointer(name), "invalid_value", "query")


def check_path(request: Request) -> None:
    """Raise ValidationFailed for a path with NUL or with bytes that are no UTF-8."""
    path: str = request.scope["path"]
    if "\0" not in path and (_REPLACED not in path or _is_utf8(request.scope["raw_path"])):
        return
    names = [name for name, value in request.path_params.items() if "\0" in str(value) or _REPLACED in str(value)]
    raise ValidationFailed(issues=_issues(names, "invalid_value", "path"))


def check_headers(headers: Mapping[bytes, bytes]) -> None:
    """Raise ValidationFailed for a header that is longer than the document says."""
    for name, limit in _LIMITS:
        if len(headers.get(name, b"")) > limit:
            raise ValidationFailed(issues=_issues([name.decode()], "too_long", "header"))


def _issues(names: list[str], code: str, location: Location) -> list[FieldIssue]:
    return [issue(pointer(name[:64]), code, location) for name in names]


def _not_utf8(query: bytes) -> list[str]:
    """Names of parameters whose value is not percent-encoded UTF-8."""
    pairs = (part.partition(b"=") for part in query.split(b"&"))
    return [unquote_plus(name.decode("latin-1")) for name, _, value in pairs if not _is_utf8(value)]


def _is_utf8(encoded: bytes) -> bool:
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return encoded.isascii()


def _annotations(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, info in annotation.model_fields.items():
                yield info.alias or name, info.annotation
        else:
            yield field.alias, annotation
    for sub in dependant.dependencies:
        yield from _annotations(sub)


def _branches(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
