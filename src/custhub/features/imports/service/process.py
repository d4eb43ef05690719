"""The hub's end of a preparing process: starts it, feeds it chunks, takes its batches."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Self

from custhub.crypto.files import FileReader
from custhub.crypto.live import LiveKeys
from custhub.features.imports.errors import FileRefused, MappingInvalid
from custhub.features.imports.rules.formats import Layout
from custhub.features.imports.service.frames import LENGTH, frame, message_of
from custhub.features.imports.service.setup import Task, layout_of, setup_of
from custhub.kit.db import micros
from custhub.kit.errors import FieldIssue

PROGRAM: Final = "custhub.features.imports.service.preparing"
#: What a program needs to begin; settings and secrets of the hub are not among it.
_KEPT_VARIABLES: Final = frozenset({"PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH"})
#: Batches that wait while others are stored.
_AHEAD: Final = 4
_GOODBYE_SECONDS: Final = 2.0


class PreparationLost(Exception):
    """The process ended, or said something that it should not. Its rows can be made again."""


class Preparation:
    """One preparing process, at work on one file."""

    def __init__(self, process: asyncio.subprocess.Process, reader: FileReader) -> None:
        self._process = process
        self._reader = reader
        self._said: asyncio.Queue[list[Any] | Exception] = asyncio.Queue(_AHEAD)
        self._pump = asyncio.create_task(self._run(), name="import preparation")

    @classmethod
    async def start(cls, task: Task, keys: LiveKeys, reader: FileReader) -> Self:
        """Start one and tell it what to do."""
        environment = {name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            PROGRAM,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            close_fds=True,
            start_new_session=True,
        )
        made = cls(process, reader)
        made._send([setup_of(task, keys, reader)])
        return made

    @property
    def process_id(self) -> int:
        """Of the child."""
        return self._process.pid

    def ask(self, rows: int, now: datetime) -> None:
        """Ask for the next rows, made at this time. Answers come in order."""
        self._send(["rows", rows, micros(now)])

    async def batch(self) -> dict[str, Any]:
        """The next rows that were asked for. Raises FileRefused, MappingInvalid, PreparationLost."""
        kind, *rest = await self._next()
        if kind != "batch":
            raise PreparationLost
        made: dict[str, Any] = rest[0]
        return made

    async def layout(self) -> Layout:
        """What an inspection found. Raises FileRefused, PreparationLost."""
        kind, *rest = await self._next()
        if kind != "layout":
            raise PreparationLost
        return layout_of(rest[0])

    async def close(self) -> None:
        """End it, whatever it is at."""
        self._pump.cancel()
        with suppress(asyncio.CancelledError):
            await self._pump
        with suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._process.wait()

    async def _next(self) -> list[Any]:
        said = await self._said.get()
        if isinstance(said, Exception):
            raise said
        kind, *rest = said
        if kind == "refused":
            raise FileRefused(rest[0], line=rest[1])
        if kind == "unfit":
            raise MappingInvalid(issues=_issues(rest[0]))
        if kind == "crashed":
            raise PreparationLost(rest[0])
        return said

    async def _run(self) -> None:
        """Answer what the process asks; keep what it says until somebody wants it."""
        stdout = self._process.stdout
        if stdout is None:
            raise PreparationLost
        try:
            while True:
                head = await stdout.readexactly(LENGTH)
                message = message_of(await stdout.readexactly(int.from_bytes(head, "big")))
                if message[0] == "chunk":
                    self._send(["chunk", await self._reader.sealed(message[1])])
                else:
                    await self._said.put(message)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, EOFError):
            await self._said.put(PreparationLost("ended"))
        except Exception as error:  # the database, most likely: whoever waits for rows is told
            await self._said.put(error)

    def _send(self, message: list[Any]) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            return  # what it said last is still to be heard
        with suppress(ConnectionError):
            stdin.write(frame(message))


def _issues(raw: Sequence[Sequence[Any]]) -> list[FieldIssue]:
    return [FieldIssue(*parts) for parts in raw]
