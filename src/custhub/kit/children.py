"""Programs of the hub's own beside it: started, told through a pipe what to do, heard, ended with the hub.

They are given neither settings nor secrets by arguments or environment, and go before the hub does when memory is
short.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Self

from custhub.kit.frames import LENGTH, Pipe, frame, message_of

#: What a program needs to begin; settings and secrets of the hub are not among it.
KEPT_VARIABLES: Final = frozenset({"PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "PYTHONPATH"})
#: Messages that wait until somebody wants them.
_AHEAD: Final = 4
_GOODBYE_SECONDS: Final = 2.0
#: More than any file needs, less than what would bring the machine down.
_MOST_MEMORY: Final = 4 * 1024**3
_NICE: Final = 5

#: What answers a question of the program; None where a message is none.
Answer = Callable[[list[Any]], Awaitable[list[Any] | None]]


class ChildLost(Exception):
    """The process ended, or said something that it should not. What it did can be done again."""


async def _nothing(_: list[Any]) -> None:
    return None


async def begin(program: str) -> asyncio.subprocess.Process:
    """Start a module as a program, in a session of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name in KEPT_VARIABLES},
        close_fds=True,
        start_new_session=True,
    )


class Child:
    """One such process, seen from the hub."""

    def __init__(self, process: asyncio.subprocess.Process, answer: Answer) -> None:
        self._process = process
        self._answer = answer
        self._said: asyncio.Queue[list[Any] | Exception] = asyncio.Queue(_AHEAD)
        self._pump = asyncio.create_task(self._run(), name="child process")

    @classmethod
    async def start(cls, program: str, *messages: Any, answer: Answer = _nothing) -> Self:
        """Start a module as a program and tell it what to do."""
        made = cls(await begin(program), answer)
        made.send(list(messages))
        return made

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, message: list[Any]) -> None:
        """Tell it something."""
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            return  # what it said last is still to be heard
        with suppress(ConnectionError):
            stdin.write(frame(message))

    async def next(self) -> list[Any]:
        """What it says next. Raises ChildLost, and what answering it raised."""
        said = await self._said.get()
        if isinstance(said, Exception):
            raise said
        if said[0] == "crashed":
            raise ChildLost(said[1])
        return said

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

    async def _run(self) -> None:
        """Answer what it asks; keep what it says until somebody wants it."""
        stdout = self._process.stdout
        if stdout is None:
            raise ChildLost
        try:
            while True:
                head = await stdout.readexactly(LENGTH)
                message = message_of(await stdout.readexactly(int.from_bytes(head, "big")))
                answer = await self._answer(message)
                if answer is None:
                    await self._said.put(message)
                else:
                    self.send(answer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, EOFError):
            await self._said.put(ChildLost("ended"))
        except Exception as error:  # the database, most likely: whoever waits is told
            await self._said.put(error)


def pipe_to_hub() -> Pipe:
    """Of the process, before anything else: its limits, and the way to whoever started it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    with suppress(OSError):
        os.nice(_NICE)  # requests go first
    incoming, outgoing = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not speak to the hub
    return Pipe(incoming, outgoing)


def told_of(error: Exception) -> str:
    """Where an error was raised, without its text, which may hold a value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} at {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
