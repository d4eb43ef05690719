"""The one route class: what happens around every endpoint.

Authenticate, read the body strictly, run the endpoint, commit its unit of work with the idempotency answer, and
turn expected failures into problem documents. A request that lost a race runs once more with its rows locked.
The commit stands here and not in a function-scoped dependency: same order (commit first, answer after), a third
of its cost. See docs/decisions/0002-commit-in-the-route-class.md.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope

from custhub.crypto.errors import IntegrityError
from custhub.http import idempotency
from custhub.http.deps import Door, authenticate
from custhub.http.errors import (
    MethodNotAllowed,
    PayloadTooLarge,
    UnsupportedMediaType,
    allowed_methods,
    expected,
    language_of,
    problem,
)
from custhub.http.hub import Call, RoutePattern, call_of
from custhub.http.json_body import read_json
from custhub.http.parameters import QueryRules, check_headers, check_path
from custhub.kit.db import DatabaseUnavailable, LockTimeout, Violation
from custhub.kit.errors import Forbidden, HubError
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import Note
from custhub.kit.writes import LostRace

_JSON = re.compile(rb"application/json\s*(;|$)", re.I)
_PATCH = re.compile(rb"application/(merge-patch\+)?json\s*(;|$)", re.I)
_FORM = re.compile(rb"application/x-www-form-urlencoded\s*(;|$)", re.I)
_FILES = re.compile(rb"multipart/form-data\s*(;|$)", re.I)


_MOST_LOST = 5
#: `max_body_size` of a route that takes files: as large as the settings allow.
UPLOAD: Final = -1


class HubRequest(Request):
    """A request whose JSON is read strictly (CONTRACT P17) and whose size is counted while it streams."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        super().__init__(scope, receive)
        self._limit = limit
        self._is_too_large = False

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes; forms are read from it, too. Raises PayloadTooLarge."""
        if self._is_too_large:  # asked again, for a fingerprint: what is left is no body
            raise PayloadTooLarge
        size = 0
        async for chunk in super().stream():
            size += len(chunk)
            if size > self._limit:
                self._is_too_large = True
                raise PayloadTooLarge
            yield chunk

    async def json(self) -> Any:
        """The parsed body. Raises InvalidJson."""
        if not hasattr(self, "_json"):
            self._json = read_json(await self.body())
        return self._json


class HubRoute(APIRoute):
    """Wraps each endpoint once, at start."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        max_body_size: int | None = None,
        **options: Any,
    ) -> None:
        # The framework's own limit would answer plain text, before anything of ours runs (P18).
        self._limit = max_body_size
        #: The edge asks, which otherwise knows one limit for all.
        self.is_upload = max_body_size == UPLOAD
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler FastAPI calls."""
        inner = super().get_route_handler()
        secured = _has_door(self.dependant)
        queries = QueryRules.of(self.dependant)
        template = self.path_format
        media = _media(self)
        fixed, is_upload = None if self.is_upload else self._limit, self.is_upload
        posts = "POST" in (self.methods or ())
        keys = idempotency.rule_of(template) if posts else idempotency.Rule.IGNORED
        if not secured and keys is not idempotency.Rule.REFUSED:
            keys = idempotency.Rule.IGNORED  # stored answers belong to a caller

        async def prepare(request: Request, call: Call) -> None:
            path = request.scope["path"]
            if path != template and path in call.hub.static_paths:
                # GET /v1/customers/lookup is not the customer "lookup": that address exists, without this method.
                raise MethodNotAllowed(headers={"Allow": allowed_methods(request)})
            call.template = template
            if secured:
                await authenticate(call)
            if media is not None:
                length = call.headers.get(b"content-length", b"0")
                if length != b"0" or b"transfer-encoding" in call.headers:
                    _check_media(call.headers, media)
                if fixed is not None and int(length) > fixed:
                    raise PayloadTooLarge
            check_headers(call.headers)
            check_path(request)
            if request.scope["query_string"]:
                queries.check(request)
            if keys is not idempotency.Rule.IGNORED:
                call.idempotency_key = idempotency.key_of(call.headers, keys)

        async def handle(request: Request) -> Response:
            call = call_of(request)
            settings = call.hub.settings
            limit = fixed or (settings.import_max_bytes if is_upload else settings.max_body_bytes)
            request = HubRequest(request.scope, request.receive, limit)
            try:
                await prepare(request, call)
            except HubError as error:
                return problem(error, call.request_id, language_of(call.accept_language))
            return await conclude(call, request, inner)

        return handle


def pattern_of(route: Route) -> RoutePattern:
    """What the edge knows of a route before it is matched."""
    is_upload = isinstance(route, HubRoute) and route.is_upload
    return RoutePattern(route.path_regex, frozenset(route.methods or ()), is_upload)


async def conclude(call: Call, request: Request, inner: Callable[[Request], Awaitable[Response]]) -> Response:
    """Run the endpoint and commit; once more under locks when it lost a race.

    Under locks only a deadlock can make it lose again: then it tries a few times.
    """
    lost = 0
    while True:
        try:
            response = await inner(request)
            work = call.work
            if call.idempotency_key is not None:
                work = call.unit_of_work()
                await idempotency.keep(call, request, work, response)
            if work is not None:
                await work.commit()
            return response
        except LostRace:
            await _drop(call)
            lost += 1
            if lost > _MOST_LOST and (answer := await _failed(call, request, LockTimeout())) is not None:
                return answer
            call.locking = True
        except ClientDisconnect:
            await _drop(call)
            raise
        except Exception as error:
            await _drop(call)
            answer = await _failed(call, request, error)
            if answer is not None:
                return answer
            call.locking = True  # an expired answer held the key: it is gone now, run again


async def _failed(call: Call, request: Request, error: Exception) -> Response | None:
    """The answer of a failed run. None when only an expired idempotency answer stood in the way."""
    if isinstance(error, DatabaseUnavailable) and not isinstance(error, LockTimeout):
        # Asking it once more would only double the wait; nothing of this is stored.
        return problem(error, call.request_id, language_of(call.accept_language))
    if call.idempotency_key is not None and call.principal is not None:
        # A request that lost to its own twin shows the twin's answer, whatever refused it here.
        stored = await idempotency.find(call, request)
        if stored is not None:
            return stored
        if isinstance(error, Violation) and error.constraint == idempotency.CONSTRAINT:
            return None
        if isinstance(error, LockTimeout):
            error = idempotency.InProgress()
    known = expected(error, request)
    if known is None:
        raise error
    if isinstance(known, Forbidden) and call.principal is not None:
        operation = f"{request.method} {call.template}"
        reason = str(known.members.get("scope", known.code))
        await call.hub.denials.denied(call.principal, call.request_id, operation, reason)
    if isinstance(known, IntegrityError):
        await _report_damage(call, request)
    answer = problem(known, call.request_id, language_of(call.accept_language))
    if call.idempotency_key is not None and call.principal is not None:
        await idempotency.keep_refusal(call, request, answer)
    return answer


async def _report_damage(call: Call, request: Request) -> None:
    """A metric and an audit entry, in a transaction of its own, for a sealed value that did not open (S-16)."""
    call.hub.metrics.integrity.inc()
    customer_id = None
    with suppress(ValueError):
        customer_id = from_text(Prefix.CUSTOMER, str(request.path_params.get("customer_id")))
    operation = f"{request.method} {call.template}"
    work = call.hub.unit_of_work(call.actor, call.request_id)
    work.audit(Note("integrity.failed", "customer", customer_id, customer_id, [operation], outcome="failed"))
    await work.commit()


async def _drop(call: Call) -> None:
    work, call.work = call.work, None
    if work is not None:
        await work.rollback()


def hub_router(prefix: str, tag: str) -> APIRouter:
    """A router of one feature."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=HubRoute)


def _has_door(dependant: Dependant) -> bool:
    return isinstance(dependant.call, Door) or any(_has_door(sub) for sub in dependant.dependencies)


def _media(route: APIRoute) -> re.Pattern[bytes] | None:
    body = route.body_field
    if body is None:
        return None
    kind = type(body.field_info).__name__
    if kind in ("Form", "File"):
        return _FORM if kind == "Form" else _FILES
    return _PATCH if "PATCH" in (route.methods or ()) else _JSON


def _check_media(headers: Mapping[bytes, bytes], media: re.Pattern[bytes]) -> None:
    sent = headers.get(b"content-type", b"")
    # Nothing here unpacks a body.
    if media.match(sent) is None or headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        accepts = {"Accept-Patch": "application/merge-patch+json, application/json"}
        raise UnsupportedMediaType(headers=accepts if media is _PATCH else {})
