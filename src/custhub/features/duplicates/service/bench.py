"""Where a scan has its people compared: a thread for a small shop, a process of its own for a large one (R-4)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol, Self

from custhub.features.duplicates.service.comparing import LENGTH, frame, message_of
from custhub.features.duplicates.service.desk import Desk, Scored
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.weights import Weights
from custhub.jobs.work import JobWork
from custhub.kit.children import begin

PROGRAM: Final = "custhub.features.duplicates.service.comparing"
#: Fewer people are compared sooner than a process has started.
FEW: Final = 2_000
_LOOK_SECONDS: Final = 0.5
_GOODBYE_SECONDS: Final = 2.0


class ComparingLost(Exception):
    """The process ended. Its pairs can be found again."""


class Bench(Protocol):
    """Compares people; every call gives way to the loop."""

    async def add(self, people: Sequence[Person]) -> None:
        """The next people."""

    async def match(self) -> int:
        """Compare everybody who is there; how many pairs may be one person."""

    async def pairs(self, first: int, count: int) -> list[Scored]:
        """Some of the pairs, in the order of their people."""

    async def hot_keys(self, most: int) -> list[tuple[str, int]]:
        """Keys that were passed over, with how many hold each."""

    async def groups(self, parted: Collection[tuple[int, int]]) -> list[list[int]]:
        """Groups as merging by itself would make them."""

    async def close(self) -> None:
        """End it, whatever it is at."""


async def open_bench(weights: Weights, people: int) -> Bench:
    """A bench for about so many people."""
    return InThread(weights) if people <= FEW else await InProcess.start(weights)


class InThread:
    """Compares in a thread of this process."""

    def __init__(self, weights: Weights) -> None:
        self._desk = Desk(weights)

    async def add(self, people: Sequence[Person]) -> None:
        """The next people."""
        self._desk.add(people)

    async def match(self) -> int:
        """Compare everybody who is there."""
        return await asyncio.to_thread(self._desk.match)

    async def pairs(self, first: int, count: int) -> list[Scored]:
        """Some of the pairs."""
        return await asyncio.to_thread(self._desk.pairs, first, count)

    async def hot_keys(self, most: int) -> list[tuple[str, int]]:
        """Keys that were passed over."""
        return await asyncio.to_thread(self._desk.hot_keys, most)

    async def groups(self, parted: Collection[tuple[int, int]]) -> list[list[int]]:
        """Groups as merging by itself would make them."""
        return await asyncio.to_thread(self._desk.groups, parted)

    async def close(self) -> None:
        """Nothing is left to end."""


class InProcess:
    """Compares in a process of its own, whose memory goes with it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, weights: Weights) -> Self:
        """Start one."""
        made = cls(await begin(PROGRAM))
        await made._ask("begin", weights)
        return made

    async def add(self, people: Sequence[Person]) -> None:
        """The next people."""
        await self._ask("add", people)

    async def match(self) -> int:
        """Compare everybody who is there."""
        count: int = await self._ask("match")
        return count

    async def pairs(self, first: int, count: int) -> list[Scored]:
        """Some of the pairs."""
        found: list[Scored] = await self._ask("pairs", first, count)
        return found

    async def hot_keys(self, most: int) -> list[tuple[str, int]]:
        """Keys that were passed over."""
        found: list[tuple[str, int]] = await self._ask("hot_keys", most)
        return found

    async def groups(self, parted: Collection[tuple[int, int]]) -> list[list[int]]:
        """Groups as merging by itself would make them."""
        found: list[list[int]] = await self._ask("groups", parted)
        return found

    async def close(self) -> None:
        """End it, whatever it is at."""
        with suppress(ProcessLookupError):
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._process.wait()

    async def _ask(self, method: str, *arguments: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise ComparingLost
        try:
            stdin.write(frame([method, arguments]))
            await stdin.drain()
            head = await stdout.readexactly(LENGTH)
            return message_of(await stdout.readexactly(int.from_bytes(head, "big")))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ComparingLost from error


async def watched(work: JobWork, ask: Callable[[], Any]) -> Any:
    """What a long call gives; the job ends where it has to although the call goes on."""
    asked = asyncio.ensure_future(ask())
    try:
        while not (await asyncio.wait([asked], timeout=_LOOK_SECONDS))[0]:
            await work.check()
        return asked.result()
    finally:
        asked.cancel()
        with suppress(asyncio.CancelledError, ComparingLost):
            await asked
