"""uvicorn with a drain: on SIGTERM it goes on serving for a while, unready, before it stops listening (R-1)."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import secrets
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from custhub.http.errors import HeadTooLarge, UnreadableRequest, problem
from custhub.http.hub import Hub
from custhub.kit.errors import HubError
from custhub.server.refusal import Refusal

log = logging.getLogger("custhub.process")

_BACKLOG = 2048
#: Longer than what balancers keep an idle connection for: they, not we, should be the side that closes it.
_KEEP_ALIVE_SECONDS = 75
_MAX_HEAD_BYTES = 65_536


def bind(host: str, port: int) -> socket.socket:
    """A socket on this address, not yet listening. Raises Refusal."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise Refusal(f"cannot listen on {host} port {port}: {os.strerror(error.errno or 0)}") from error
    return made


class Protocol(HttpToolsProtocol):
    """Bounds the head of a request and refuses in the hub's own form what is no HTTP (CONTRACT E1)."""

    _head = 0
    _is_in_head = False

    def data_received(self, data: bytes) -> None:
        """Count the head while it comes: nothing else limits it."""
        self._head += len(data)
        super().data_received(data)
        if self._is_in_head and self._head > _MAX_HEAD_BYTES:
            self._refuse(HeadTooLarge())

    def on_headers_complete(self) -> None:
        """The head is over."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        """A new head begins."""
        self._head, self._is_in_head = 0, True
        super().on_message_begin()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser could not read."""
        self._refuse(UnreadableRequest())

    def _refuse(self, error: HubError) -> None:
        request_id = secrets.token_hex(12)
        answer = problem(error, request_id)
        headers = [*answer.raw_headers, (b"x-request-id", request_id.encode()), (b"connection", b"close")]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[answer.status_code], *lines, b"\r\n", answer.body]))
        self.transport.close()


class HubServer(uvicorn.Server):
    """One process that serves `hub`. `ready` is called when it listens.

    `parent` is the process whose end ends this one, 0 for none.
    """

    def __init__(self, app: ASGIApp, hub: Hub, ready: Callable[[], None], parent: int = 0) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                http=Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=math.ceil(hub.settings.shutdown_seconds),
            )
        )
        self._hub = hub
        self._ready = ready
        self._parent = parent
        self._drained_at = math.inf
        self._is_draining = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.aborted = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal begins the drain, the second one ends everything at once."""
        if not self._hub.draining:
            self._hub.draining = True
            self._drained_at = self._hub.clock.monotonic() + self._hub.settings.drain
            return
        self.aborted = self.should_exit = self.force_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._abort)

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: is it time to go?"""
        if self._parent and os.getppid() != self._parent and not self._hub.draining:
            self.handle_exit(0, None)
        if self._hub.draining and not self._is_draining:
            self._is_draining = True  # a signal handler may not log
            log.info("draining", extra={"seconds": self._hub.settings.drain})
        if self._hub.clock.monotonic() >= self._drained_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, wait for what is in flight."""
        log.info("not listening any more")
        await super().shutdown(sockets)

    def _abort(self) -> None:
        connections: list[Any] = list(self.server_state.connections)
        for connection in connections:
            connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
