"""Tasks beside requests: started again after a failure, stopped together."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any

import pytest

from custhub.kit import background
from custhub.kit.background import Every, Supervisor, pause
from custhub.kit.db import DatabaseUnavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return ("asyncio", {})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_FIRST_PAUSE", 0.001)


class Task:
    """Does what it is told at each start."""

    name = "thing"

    def __init__(self, *steps: Callable[[], None]) -> None:
        self.steps = list(steps)
        self.starts = 0
        self.done = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        self.starts += 1
        if self.steps:
            self.steps.pop(0)()
        self.done.set()
        await stop.wait()


def _raise(error: Exception) -> Callable[[], None]:
    def step() -> None:
        raise error

    return step


async def test_failed_task_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    task = Task(_raise(ValueError("no")), _raise(DatabaseUnavailable()))
    supervisor = Supervisor([task])
    supervisor.start()
    await asyncio.wait_for(task.done.wait(), 5)
    await supervisor.stop(5)
    assert task.starts == 3
    messages = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert messages == [
        (logging.ERROR, "background task failed"),
        (logging.WARNING, "background task waits for the database"),
    ]


async def test_a_task_that_returns_is_over() -> None:
    class Once:
        name = "once"
        runs = 0

        async def run(self, stop: asyncio.Event) -> None:
            self.runs += 1

    task = Once()
    supervisor = Supervisor([task])
    supervisor.start()
    await asyncio.sleep(0.02)
    await supervisor.stop(1)
    assert task.runs == 1


async def test_stop_cancels_what_does_not_return() -> None:
    cancelled: list[bool] = []

    class Deaf:
        name = "deaf"

        async def run(self, stop: asyncio.Event) -> None:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(True)
                raise

    supervisor = Supervisor([Deaf()])
    supervisor.start()
    await asyncio.sleep(0)
    await asyncio.wait_for(supervisor.stop(0.01), 5)
    assert cancelled == [True]


async def test_stop_before_start_does_nothing() -> None:
    await Supervisor([Task()]).stop(1)


async def test_every_works_at_once_and_again() -> None:
    times: list[float] = []
    stop = asyncio.Event()

    async def work() -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 3:
            stop.set()

    await asyncio.wait_for(Every("work", 0.01, work).run(stop), 5)
    assert len(times) == 3
    assert all(later - earlier >= 0.008 for earlier, later in itertools.pairwise(times))


async def test_pause_ends_with_stop() -> None:
    stop = asyncio.Event()
    assert await pause(stop, 0.001)
    stop.set()
    assert not await pause(stop, 60)
