"""Time, handed in by constructor. The only file that asks the operating system what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where every date and duration of the hub comes from."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never falls, so fit for durations."""


class SystemClock:
    """The clock of this machine."""

    __slots__ = ()

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until told to move. Raises ValueError for a naive start."""

    __slots__ = ("_elapsed", "_now")

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds this clock was advanced since it was made."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move both times forward. Raises ValueError for a negative step."""
        if seconds < 0:
            raise ValueError("a clock does not run backwards")
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds
