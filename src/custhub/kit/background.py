"""Work beside requests: tasks that live as long as the process, watched and stopped together."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

from custhub.kit.db import DatabaseUnavailable

log = logging.getLogger("custhub.background")

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_LONGEST_TURN_PAUSE = 30.0
_JITTER = 0.1


class BackgroundTask(Protocol):
    """One piece of work beside requests. Every process runs it, so it coordinates through the database."""

    @property
    def name(self) -> str:
        """Its name in the log."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then return soon; an exception means: start me again."""


async def pause(stop: asyncio.Event, seconds: float) -> bool:
    """Wait, but not longer than until `stop`; whether to go on."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return True
    return False


class Every:
    """A task that does the same thing again and again, the first time at once.

    The pauses vary by a tenth, so that several processes do not all come at the same moment.
    """

    def __init__(self, name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        self.name = name
        self._seconds = seconds
        self._work = work

    async def run(self, stop: asyncio.Event) -> None:
        """Work, pause, work."""
        while not stop.is_set():
            await self._work()
            await pause(stop, self._seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # no secret


class Part:
    """Work that takes turns with other work in one task.

    `work` gives the seconds until it wants its next turn. `hurries` says that a wake-up brings its turn forward.
    """

    def __init__(self, name: str, work: Callable[[], Awaitable[float]], *, hurries: bool = False) -> None:
        self.name = name
        self.hurries = hurries
        self.due = self.ended = 0.0
        self._work = work
        self._wait = _FIRST_PAUSE
        self._fails = False

    async def turn(self) -> None:
        """Do a bit, and note when the next bit is due: after an error in growing pauses."""
        try:
            after = await self._work()
        except Exception as error:
            if isinstance(error, DatabaseUnavailable):
                log.warning("%s waits for the database", self.name)
            else:
                log.exception("%s failed", self.name)
            after, self._wait, self._fails = self._wait, min(self._wait * 2, _LONGEST_TURN_PAUSE), True
        else:
            self._wait, self._fails = _FIRST_PAUSE, False
        self.ended = asyncio.get_running_loop().time()
        self.due = self.ended + after

    def hurry(self, seconds: float) -> None:
        """Let the next turn come `seconds` after the last one at the latest, unless that failed."""
        if self.hurries and not self._fails:
            self.due = min(self.due, self.ended + seconds)


class Turns:
    """A task of several parts, one after the other, that others may wake."""

    def __init__(self, name: str, parts: Sequence[Part], *, gather_seconds: float) -> None:
        """What wakes it within `gather_seconds` is done together."""
        self.name = name
        self._parts = parts
        self._gather = gather_seconds
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is work for the parts that hurry. To be called inside the event loop; costs next to nothing."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Give each part its turns until `stop`."""
        loop = asyncio.get_running_loop()
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                for part in self._parts:
                    if part.due <= loop.time() and not stop.is_set():
                        await part.turn()
                await self._rest(stopped, min(part.due for part in self._parts) - loop.time())
        finally:
            stopped.cancel()

    async def _rest(self, stopped: asyncio.Task[Literal[True]], seconds: float) -> None:
        woken = asyncio.create_task(self._woken.wait())
        try:
            await asyncio.wait((stopped, woken), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        if self._woken.is_set():
            self._woken.clear()
            for part in self._parts:
                part.hurry(self._gather)


class Supervisor:
    """Runs tasks, starts a failed one again after a growing pause, stops them all."""

    def __init__(self, tasks: Sequence[BackgroundTask]) -> None:
        self._tasks = tasks
        self._stop = asyncio.Event()
        self._running: list[asyncio.Task[None]] = []

    @property
    def is_running(self) -> bool:
        """Whether it has begun and not been stopped."""
        return bool(self._running)

    def start(self) -> None:
        """Begin, inside a running event loop."""
        self._running = [asyncio.create_task(self._watch(task), name=f"custhub {task.name}") for task in self._tasks]

    async def stop(self, seconds: float) -> None:
        """Ask all to return and cancel those that have not after `seconds`."""
        self._stop.set()
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=seconds)
        for task in late:
            log.warning("background task cancelled", extra={"task": task.get_name()})
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._running = []

    async def _watch(self, task: BackgroundTask) -> None:
        wait = _FIRST_PAUSE
        while not self._stop.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await task.run(self._stop)
            except DatabaseUnavailable:
                log.warning("background task waits for the database", extra={"task": task.name})
            except Exception:
                log.exception("background task failed", extra={"task": task.name})
            else:
                return
            if asyncio.get_running_loop().time() - began > _LONGEST_PAUSE:
                wait = _FIRST_PAUSE
            await pause(self._stop, wait)
            wait = min(wait * 2, _LONGEST_PAUSE)
