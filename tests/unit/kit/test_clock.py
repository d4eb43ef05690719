"""One clock: reliability 8.5, "time is injected"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from custhub.kit.clock import Clock, ManualClock, SystemClock

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(START)], ids=["system", "manual"])
def test_clock_gives_aware_utc_time_that_does_not_fall(clock: Clock) -> None:
    first, then = clock.monotonic(), clock.now()
    assert then.tzinfo is UTC
    assert clock.now() >= then
    assert clock.monotonic() >= first


def test_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(START.astimezone(timezone(timedelta(hours=8))))
    assert (clock.now(), clock.now().tzinfo, clock.monotonic()) == (START, UTC, 0.0)
    clock.advance(90.5)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=90.5), 90.5)


def test_manual_clock_refuses_a_naive_start_and_a_step_back() -> None:
    with pytest.raises(ValueError, match="aware"):
        ManualClock(START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="backwards"):
        ManualClock(START).advance(-1)


def test_only_the_clock_asks_for_the_date() -> None:
    package = Path(__file__).parents[3] / "src" / "custhub"
    asks = re.compile(r"datetime\.(?:now|utcnow|today)\(|date\.today\(")
    found = [path.relative_to(package).as_posix() for path in package.rglob("*.py") if asks.search(path.read_text())]
    assert found == ["kit/clock.py"]
