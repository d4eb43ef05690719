"""What events cost: CPU on a create, and the time from a commit to its position."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.client import Result, paced
from benchmarks.client import run as load
from benchmarks.processes import cpu_seconds, server

_MODES = ("none", "stored", "relayed")
_CREATES = 4_000
_ROUNDS = 3
RATE = 200.0
_SECONDS = 15.0
#: Part of a create that its event may cost.
AIM = 0.15


class Feed:
    """The figures of one engine. `database_pids` names its processes, `make` gives creates."""

    def __init__(
        self,
        environment: Mapping[str, str],
        home: Path,
        database_pids: Callable[[], list[int]],
        make: Callable[[int], bytes],
        share: float,
    ) -> None:
        self._file = home / "events.json"
        self._environment = {**environment, "BENCH_EVENTS_FILE": str(self._file)}
        self._pids = database_pids
        self._make = make
        self._share = share

    def lines(self, engine: str) -> list[str]:
        """Both measurements as text."""
        # In turns, and the least of each: whatever else the machine does only adds.
        rounds = [{mode: self._create_us(mode) for mode in _MODES} for _ in range(_ROUNDS)]
        cpu = {mode: min(one[mode] for one in rounds) for mode in _MODES}
        bare = cpu["none"]
        sent, taken = self._latency()
        ordered = sorted(taken)
        p50, p99 = (ordered[int((len(ordered) - 1) * share)] * 1000 for share in (0.5, 0.99))
        return [
            f"{engine}: a create without its event {bare:,.0f} us CPU, with it {cpu['stored']:,.0f} "
            f"({cpu['stored'] / bare - 1:+.1%}, aim {AIM:+.0%}), with its position {cpu['relayed']:,.0f} "
            f"({cpu['relayed'] / bare - 1:+.1%})",
            f"{engine}: {len(ordered):,} events at {sent.requests / sent.seconds:,.0f}/s, commit to position "
            f"p50 {p50:.0f} ms, p99 {p99:.0f} ms (aim 2,000); creates p99 {sent.percentile(0.99):.0f} ms",
        ]

    def _create_us(self, mode: str) -> float:
        count = max(200, int(_CREATES * self._share))
        with server("benchmarks.feed_server", {**self._environment, "BENCH_EVENTS": mode}) as (port, pid):
            asyncio.run(load(port, self._make, requests=count // 10, concurrency=32))
            before = cpu_seconds([pid, *self._pids()])
            asyncio.run(load(port, self._make, requests=count, concurrency=32))
            used = cpu_seconds([pid, *self._pids()]) - before
        return used / count * 1e6

    def _latency(self) -> tuple[Result, list[float]]:
        # What the rounds before left without a position is placed first, and not counted.
        with server("benchmarks.feed_server", {**self._environment, "BENCH_EVENTS": "relayed"}) as (port, _):
            asyncio.run(paced(port, self._make, rate=10, seconds=3))
        with server("benchmarks.feed_server", {**self._environment, "BENCH_EVENTS": "relayed"}) as (port, _):
            sent = asyncio.run(paced(port, self._make, rate=RATE, seconds=max(3.0, _SECONDS * self._share)))
        taken: list[float] = json.loads(self._file.read_text())
        return sent, taken
