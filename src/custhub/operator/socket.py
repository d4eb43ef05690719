"""The Unix socket in CUSTHUB_HOME by which commands reach the process that owns the embedded database (R-4)."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from contextlib import suppress
from typing import Any

import orjson

from custhub.app import Application
from custhub.operator.assertion import AssertionChecker
from custhub.operator.commands import run
from custhub.operator.line import NAME, address_of
from custhub.operator.registry import COMMANDS

log = logging.getLogger("custhub.operator")

_MAX_LINE = 1_048_576
_READ_SECONDS = 5.0
_CLOSE_SECONDS = 5.0


class OperatorSocket:
    """Listens; one request, one answer per connection."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._checker = AssertionChecker(app.clock)
        self._path = app.settings.home / NAME
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Listen; a socket file of a process that died is replaced, the directory lock says that it did."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        former = os.umask(0o177)
        try:
            with address_of(self._path) as address:
                made.bind(address)
        finally:
            os.umask(former)
        self._server = await asyncio.start_unix_server(self._serve, sock=made, limit=_MAX_LINE)

    async def close(self) -> None:
        """Stop listening and let running commands end."""
        if self._server is None:
            return
        self._server.close()
        with suppress(FileNotFoundError):
            self._path.unlink()
        if self._running:
            await asyncio.wait(self._running, timeout=_CLOSE_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        try:
            writer.write(orjson.dumps(await self._answer(reader, writer)) + b"\n")
            await writer.drain()
        except (OSError, ValueError, TimeoutError):
            log.warning("operator connection lost")
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, Any]:
        async with asyncio.timeout(_READ_SECONDS):
            line = await reader.readline()
        if not _is_owner(writer.get_extra_info("socket")):
            return {"refused": "only the user that runs the hub, or root, may command it"}
        asked = self._checker.accept(self._app.keys.keyring, line)
        if asked is None:
            log.warning("operator command refused")
            return {"refused": "the running hub does not accept this command; does it use another keyring?"}
        command, arguments = asked
        log.info("operator command", extra={"kind": command})
        return await run(self._app, COMMANDS, command, arguments)


def _is_owner(connection: Any) -> bool:
    if not hasattr(socket, "SO_PEERCRED"):
        return True  # the mode of the file and the assertion remain
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", raw)[1] in (0, os.geteuid())
