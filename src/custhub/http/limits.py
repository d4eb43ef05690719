"""Requests per minute and principal, counted in this process (CONTRACT F1)."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple
from uuid import UUID

from custhub.kit.clock import Clock
from custhub.kit.errors import Text, TooMany

_WINDOW = 60.0
_MANY = 10_000


class RateLimited(TooMany):
    """You are calling more often than allowed. Wait as long as Retry-After says."""

    code = "rate_limited"
    title = "Too many requests"
    zh = Text("请求过于频繁", "调用频率超过限制，请按 Retry-After 指示的秒数等待后重试。")

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


class RateState(NamedTuple):
    """What is left of the window, for the headers; nothing (-1) when this very request is one too many."""

    remaining: int
    reset_seconds: int

    def check(self) -> None:
        """Raise RateLimited for a request that is one too many."""
        if self.remaining < 0:
            raise RateLimited(self.reset_seconds)


class RateLimiter:
    """Fixed windows of a minute. `limit` None counts nothing (benchmarks and contract checks)."""

    def __init__(self, limit: int | None, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._windows: dict[UUID, list[float]] = {}

    @property
    def policy(self) -> bytes:
        """The RateLimit-Policy header."""
        return f'"default";q={self.limit};w={int(_WINDOW)}'.encode()

    def count(self, principal_id: UUID) -> RateState | None:
        """Count one request; None where nothing is counted."""
        if self.limit is None:
            return None
        now = self._clock.monotonic()
        window = self._windows.get(principal_id)
        if window is None or now - window[0] >= _WINDOW:
            if len(self._windows) >= _MANY:
                self._windows = {k: w for k, w in self._windows.items() if now - w[0] < _WINDOW}
            window = self._windows[principal_id] = [now, 0.0]
        window[1] += 1
        return RateState(max(self.limit - int(window[1]), -1), ceil(_WINDOW - (now - window[0])))
