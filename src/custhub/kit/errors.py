"""Expected failures: one class each, grouped in families, registered by code.

A family says what kind of failure it is; `http/errors.py` alone maps families to statuses. A concrete
error adds a stable `code` and its texts; its docstring is the English detail. Rules, repositories and
services raise them; nobody below `http/` knows a status.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Location = Literal["body", "query", "path", "header"]

#: code -> error class. Produces the documentation pages and the enum of the OpenAPI document.
REGISTRY: dict[str, type[HubError]] = {}


@dataclass(frozen=True, slots=True)
class FieldIssue:
    """One refused member or parameter of a request. Never carries the refused value.

    `pointer` is an RFC 6901 pointer (`#/tags/3`) or `#/name` for a parameter. `expected` says what would have been
    right, pairs of name and value; it holds what the document says and nothing of the request.
    """

    pointer: str
    code: str
    location: Location = "body"
    detail: str = ""
    detail_zh: str = ""
    expected: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """Title and detail of an error in one language."""

    title: str
    detail: str


class HubError(Exception):
    """Base of every expected failure.

    `members` become top-level members of the problem document (`existing_id`, `scope`); `headers` become
    response headers. Neither may hold personal data.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""
    zh: ClassVar[Text] = Text("", "")

    def __init__(
        self,
        *,
        issues: Sequence[FieldIssue] = (),
        members: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(self.code)
        self.issues = tuple(issues)
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            return
        known = REGISTRY.get(cls.code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"error code {cls.code!r} is used by {known.__qualname__} and {cls.__qualname__}")
        if not (cls.__doc__ and cls.title and cls.zh.title and cls.zh.detail):
            raise TypeError(f"error {cls.__qualname__} needs a docstring, a title and its Chinese texts")
        REGISTRY[cls.code] = cls

    @classmethod
    def text(cls, language: Literal["en", "zh"]) -> Text:
        """Title and detail in `language`."""
        return cls.zh if language == "zh" else Text(cls.title, inspect.cleandoc(cls.__doc__ or ""))


class Malformed(HubError):
    """The request cannot be read."""


class Unauthenticated(HubError):
    """Who is calling is unknown."""


class Forbidden(HubError):
    """The caller is known and lacks the right."""


class NotFound(HubError):
    """There is no such thing, or not for this caller."""


class Conflict(HubError):
    """The request clashes with what is stored."""


class Gone(HubError):
    """It existed and is gone for good."""


class PreconditionFailed(HubError):
    """The stored revision is another than the caller expected."""


class RuleBroken(HubError):
    """The request is readable and breaks a rule."""


class PreconditionRequired(HubError):
    """The request must name the revision it was made for."""


class TooMany(HubError):
    """The caller is over a limit."""


class Corrupt(HubError):
    """Stored data failed its integrity check."""


class Unavailable(HubError):
    """The hub cannot answer now; a later attempt may succeed."""


class StorageFull(HubError):
    """There is no room left to store the request."""


FAMILIES: tuple[type[HubError], ...] = (
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    Conflict,
    Gone,
    PreconditionFailed,
    RuleBroken,
    PreconditionRequired,
    TooMany,
    Corrupt,
    Unavailable,
    StorageFull,
)


def family_of(error: type[HubError]) -> type[HubError]:
    """The family an error class belongs to."""
    return next(family for family in FAMILIES if issubclass(error, family))
