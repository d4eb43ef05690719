"""The one ASGI class around the application: request ids, size limits, headers, access log, last resort."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from custhub.http.cors import Cors
from custhub.http.errors import InternalError, PayloadTooLarge, ShuttingDown, language_of, problem
from custhub.http.hub import CALL, Call, Hub
from custhub.http.logs import AccessLog
from custhub.kit.errors import HubError

log = logging.getLogger("custhub.http")
#: Not one that could be a number, nor one of our secrets: it goes into logs, events and the audit log.
_REQUEST_ID = re.compile(rb"(?![0-9_-]+$)(?!ch[a-z]_)[A-Za-z0-9_-]{1,64}")
_TRACE = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NOSNIFF = (b"x-content-type-options", b"nosniff")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})


class Edge:
    """Wraps the application; everything here runs on every request and is counted in microseconds."""

    def __init__(self, app: ASGIApp, hub: Hub, access_log: AccessLog | None) -> None:
        self._app = app
        self._hub = hub
        self._log = access_log
        self._policy = hub.limiter.policy
        self._max_body = hub.settings.max_body_bytes
        self._secure = hub.settings.public_url.startswith("https:")
        self._cors = Cors(hub.settings.cors_origins) if hub.settings.cors_origins else None
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        offered = headers.get(b"x-request-id")
        if offered is not None and _REQUEST_ID.fullmatch(offered):
            request_id = offered.decode()
        else:
            request_id = secrets.token_hex(12)
        call = scope[CALL] = Call(self._hub, request_id, headers)
        status, is_done = 0, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, is_done
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(message, call)
            else:
                is_done = not message.get("more_body", False)
            await send(message)

        self.in_flight += 1
        try:
            length = headers.get(b"content-length")
            answer = self._cors.preflight(scope["method"], headers) if self._cors is not None else None
            if answer is not None:
                await answer(scope, receive, send_with_headers)
            elif length is not None and (not length.isdigit() or int(length) > self._max_body) and self._is_long(scope):
                await self._refuse(PayloadTooLarge(), call, scope, receive, send_with_headers)
            elif self._hub.closed is not None and scope["path"] not in _QUIET:
                await self._refuse(self._hub.closed(), call, scope, receive, send_with_headers)
            else:
                await self._app(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            if self._hub.draining and not status:
                await self._refuse(ShuttingDown(), call, scope, receive, send_with_headers)
            raise
        except Exception:
            log.exception("unhandled", extra={"request_id": request_id})
            if is_done:
                return
            if status:
                raise  # half an answer: only a cut connection tells
            await self._refuse(InternalError(), call, scope, receive, send_with_headers)
        finally:
            self.in_flight -= 1
            self._account(scope, call, status, time.perf_counter() - started)

    def _is_long(self, scope: Scope) -> bool:
        """Whether a body above the usual limit is one too many here: uploads have a limit of their own."""
        length = dict(scope["headers"])[b"content-length"]
        is_upload = any(known.is_upload and known.regex.fullmatch(scope["path"]) for known in self._hub.routes)
        return not (is_upload and length.isdigit() and int(length) <= self._hub.settings.import_max_bytes)

    def _dress(self, message: Message, call: Call) -> None:
        extra: list[tuple[bytes, bytes]] = [(b"x-request-id", call.request_id.encode()), _NOSNIFF]
        rate = call.rate
        if rate is not None:
            extra.append((b"ratelimit", f'"default";r={max(rate.remaining, 0)};t={rate.reset_seconds}'.encode()))
            extra.append((b"ratelimit-policy", self._policy))
        if self._secure:
            extra.append((b"strict-transport-security", b"max-age=31536000"))
        if self._cors is not None:
            extra += self._cors.headers(call.headers.get(b"origin"))
        if self._hub.draining:
            extra.append((b"connection", b"close"))
        message["headers"] = [*message["headers"], *extra]

    async def _refuse(self, error: HubError, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        await problem(error, call.request_id, language_of(call.accept_language))(scope, receive, send)

    def _account(self, scope: Scope, call: Call, status: int, seconds: float) -> None:
        path = scope["path"]
        # An unknown path is not logged as it came: it could hold a number or a token.
        template = call.template or (path if path in _QUIET else "unmatched")
        self._hub.metrics.observe(scope["method"], template, status, seconds)
        if self._log is None or path in _QUIET:
            return
        line: dict[str, Any] = {
            "ts": self._hub.clock.now().isoformat(timespec="milliseconds"),
            "level": "info" if status < 500 else "error",
            "event": "request",
            "request_id": call.request_id,
            "method": scope["method"],
            "route": template,
            "status": status,
            "ms": round(seconds * 1000, 2),
        }
        if call.principal is not None:
            line["actor"] = f"{call.principal.kind}:{call.principal.id}"
        traced = _TRACE.fullmatch(call.headers.get(b"traceparent", b""))
        if traced is not None:
            line["trace_id"] = traced[1].decode()
        self._log.write(line)
