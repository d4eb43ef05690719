"""Answers: JSON bodies written by orjson straight from views.

A view is a plain dict; the `...Read` model of its schema documents it, and the tests' client holds every body
against the document. Building and dumping Pydantic models instead costs ten times as much for a page of fifty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from custhub.http.hub import call_of
from custhub.kit.paging import Cursors

_Row = TypeVar("_Row")
_OPTIONS = orjson.OPT_UTC_Z
_JSON = (b"content-type", b"application/json")
_PRIVATE = (b"cache-control", b"private, no-cache")
NO_STORE = (b"cache-control", b"no-store")


def dump(body: object) -> bytes:
    """JSON text; times are RFC 3339 UTC with Z."""
    return orjson.dumps(body, option=_OPTIONS)


class Answer(Response):
    """A finished answer. `replay` is what an idempotent replay shows instead, where a secret is shown once."""

    def __init__(
        self,
        body: Mapping[str, Any] | bytes | None,
        status: int = 200,
        headers: Sequence[tuple[bytes, bytes]] = (),
        replay: bytes | None = None,
    ) -> None:
        # Starlette's constructor builds the same list through several layers; this one is on every request.
        self.status_code = status
        self.background = None
        self.body = b"" if body is None else body if isinstance(body, bytes) else dump(body)
        self.replay = replay
        self.raw_headers = [*headers]
        if body is not None:
            self.raw_headers.append(_JSON)
        if status != 204 and status != 304:
            self.raw_headers.append((b"content-length", str(len(self.body)).encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


def created(view: Mapping[str, Any], location: str, etag: str | None = None, *, once: Sequence[str] = ()) -> Answer:
    """201 with Location, ETag and the full body; members named in `once` are null in a replay."""
    headers = [(b"location", location.encode()), _PRIVATE if not once else NO_STORE]
    body = dump(view)
    if etag is None:
        etag = _tag(view, body)
    if etag is not None:
        headers.append((b"etag", etag.encode()))
    replay = dump({**view, **dict.fromkeys(once)}) if once else None
    return Answer(body, 201, headers, replay)


def ok(view: Mapping[str, Any], etag: str | None = None) -> Answer:
    """200 with the full body and its ETag: the one given, else of what is shown, where that has a revision."""
    body = dump(view)
    if etag is None:
        etag = _tag(view, body)
    return Answer(body, 200, (_PRIVATE,) if etag is None else (_PRIVATE, (b"etag", etag.encode())))


def shown(request: Request, view: Mapping[str, Any]) -> Answer:
    """200 with the full body, or 304: for what also changes without its revision, as counts and progress do."""
    answer = ok(view)
    etag = _tag(view, answer.body)
    return not_modified(etag) if etag is not None and call_of(request).has_seen(etag) else answer


def _tag(view: Mapping[str, Any], body: bytes | memoryview) -> str | None:
    revision = view.get("revision")
    return None if revision is None else f'"{revision}-{sha256(body).hexdigest()[:8]}"'


def secret(view: Mapping[str, Any], status: int = 200) -> Answer:
    """200 that nobody may store."""
    return Answer(view, status, (NO_STORE,))


def no_content() -> Answer:
    """204."""
    return Answer(None, 204)


def not_modified(etag: str) -> Answer:
    """304."""
    return Answer(None, 304, ((b"etag", etag.encode()), _PRIVATE))


def next_url(request: Request, cursor: str | None) -> str | None:
    """Where the next page is; None at the end."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"


class _Place(Protocol):
    """The query of a list."""

    @property
    def limit(self) -> int: ...
    @property
    def cursor(self) -> str | None: ...


class _Own(Protocol):
    @property
    def id(self) -> UUID: ...


def by_id(row: _Own) -> str:
    """The key of rows that have an id: they come in the order in which they were made."""
    return row.id.hex


def part_page(
    request: Request,
    query: _Place,
    rows: Iterable[_Row],
    key: Callable[[_Row], str],
    view: Callable[[_Row], Mapping[str, Any]],
) -> Answer:
    """A page of rows that came all together, as the parts of a customer do; in the order of their keys."""
    call = call_of(request)
    cursors = Cursors(call.hub.keys.cursors.sign, [call.caller.id.hex, request.url.path])
    after = cursors.read(query.cursor)
    left = sorted((row for row in rows if after is None or key(row) > after[0]), key=key)
    shown_now = left[: query.limit]
    cursor = cursors.write([key(shown_now[-1])]) if len(left) > query.limit else None
    return page([view(row) for row in shown_now], cursor, next_url(request, cursor))


def page(items: Sequence[Mapping[str, Any]], next_cursor: str | None, url: str | None = None, **more: object) -> Answer:
    """The list shape, with a Link to the next page; `more` are further members (`total`)."""
    headers = [_PRIVATE]
    if next_cursor is not None and url is not None:
        headers.append((b"link", f'<{url}>; rel="next"'.encode()))
    body = {"data": items, "next_cursor": next_cursor, "has_more": next_cursor is not None, **more}
    return Answer(body, 200, headers)
