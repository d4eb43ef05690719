"""Parts that take turns in one task: woken, late, failing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from custhub.kit import background
from custhub.kit.background import Part, Turns
from custhub.kit.db import DatabaseUnavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return ("asyncio", {})


class Work:
    """Counts its turns; each asks for the next one after `after` seconds."""

    def __init__(self, after: float, *failures: Exception) -> None:
        self.after = after
        self.turns = 0
        self._failures = list(failures)

    async def __call__(self) -> float:
        self.turns += 1
        if self._failures:
            raise self._failures.pop(0)
        return self.after


@asynccontextmanager
async def running(*parts: Part, gather: float = 0.01) -> AsyncIterator[Turns]:
    turns = Turns("turns", parts, gather_seconds=gather)
    stop = asyncio.Event()
    task = asyncio.create_task(turns.run(stop))
    try:
        yield turns
    finally:
        stop.set()
        await asyncio.wait_for(task, 1)


async def reaches(work: Work, turns: int) -> None:
    async with asyncio.timeout(5):
        while work.turns < turns:
            await asyncio.sleep(0.002)


async def test_each_part_has_its_own_pace() -> None:
    quick, slow = Work(0.005), Work(60)
    async with running(Part("quick", quick), Part("slow", slow)):
        await reaches(quick, 10)
        assert slow.turns == 1


async def test_a_wake_up_brings_only_those_forward_that_hurry() -> None:
    hurrying, patient = Work(60), Work(60)
    async with running(Part("hurrying", hurrying, hurries=True), Part("patient", patient)) as turns:
        await reaches(patient, 1)
        turns.wake()
        await reaches(hurrying, 2)
        assert patient.turns == 1


async def test_wake_ups_close_together_are_one_turn() -> None:
    work = Work(60)
    async with running(Part("work", work, hurries=True), gather=0.15) as turns:
        await reaches(work, 1)
        for _ in range(10):
            turns.wake()
            await asyncio.sleep(0.005)
        await reaches(work, 2)
        await asyncio.sleep(0.05)
        assert work.turns == 2


async def test_a_failure_is_logged_and_neither_stops_others_nor_can_be_hurried(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_FIRST_PAUSE", 0.3)
    failing, other = Work(60, ValueError("x")), Work(0.005)
    async with running(Part("failing", failing, hurries=True), Part("other", other)) as turns:
        await reaches(other, 3)
        turns.wake()
        await reaches(other, 10)
        assert failing.turns == 1
        await reaches(failing, 2)
    assert [record.getMessage() for record in caplog.records] == ["failing failed"]


async def test_a_lost_database_is_waited_for_without_a_trace(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "_FIRST_PAUSE", 0.005)
    work = Work(60, DatabaseUnavailable(), DatabaseUnavailable())
    async with running(Part("work", work)):
        await reaches(work, 3)
    assert [record.getMessage() for record in caplog.records] == ["work waits for the database"] * 2
    assert not any(record.exc_info for record in caplog.records)
