"""What events cost: CPU on a create, and the time from a commit to its position."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

from benchmarks.client import Result, paced
from benchmarks.client import run as load
from benchmarks.processes import cpu_seconds, server

_MODES = ("none", "stored", "relayed")
_CREATES = 800
_ROUNDS = 11
_SWITCH_SECONDS = 30.0
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
        self._file, self._mode_file = home / "events.json", home / "mode"
        files = {"BENCH_EVENTS_FILE": str(self._file), "BENCH_MODE_FILE": str(self._mode_file)}
        self._environment = {**environment, **files}
        self._pids = database_pids
        self._make = make
        self._share = share

    def lines(self, engine: str) -> list[str]:
        """Both measurements as text."""
        rounds = self._rounds()
        bare, stored, relayed = (median(one[mode] for one in rounds) for mode in _MODES)
        # Of the rounds: whatever else the machine does is the same within one.
        cost = {mode: median(one[mode] / one["none"] for one in rounds) - 1 for mode in _MODES}
        sent, taken = self._latency()
        ordered = sorted(taken)
        p50, p99 = (ordered[int((len(ordered) - 1) * share)] * 1000 for share in (0.5, 0.99))
        return [
            f"{engine}: a create without its event {bare:,.0f} us CPU, with it {stored:,.0f} "
            f"({cost['stored']:+.1%}, aim {AIM:+.0%}), with its position {relayed:,.0f} ({cost['relayed']:+.1%}); "
            f"medians of {len(rounds)} rounds",
            f"{engine}: {len(ordered):,} events at {sent.requests / sent.seconds:,.0f}/s, commit to position "
            f"p50 {p50:.0f} ms, p99 {p99:.0f} ms (aim 2,000); creates p99 {sent.percentile(0.99):.0f} ms",
        ]

    def _rounds(self) -> list[dict[str, float]]:
        """CPU of a create in us by mode, in short turns of one process."""
        count = max(600, int(_CREATES * self._share))
        with server("benchmarks.feed_server", {**self._environment, "BENCH_EVENTS": _MODES[-1]}) as (port, pid):
            asyncio.run(load(port, self._make, requests=count, concurrency=32))
            return [{mode: self._create_us(port, pid, mode, count) for mode in _MODES} for _ in range(_ROUNDS)]

    def _create_us(self, port: int, pid: int, mode: str, count: int) -> float:
        self._mode_file.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR1)
        deadline = time.monotonic() + _SWITCH_SECONDS
        while not self._mode_file.exists() or self._mode_file.read_text() != mode:
            if time.monotonic() > deadline:
                raise RuntimeError(f"no mode {mode}")
            time.sleep(0.02)
        before = cpu_seconds([pid, *self._pids()])
        asyncio.run(load(port, self._make, requests=count, concurrency=32))
        return (cpu_seconds([pid, *self._pids()]) - before) / count * 1e6

    def _latency(self) -> tuple[Result, list[float]]:
        # What the rounds before left without a position is placed first, and not counted.
        with server("benchmarks.feed_server", {**self._environment, "BENCH_EVENTS": "relayed"}) as (port, _):
            asyncio.run(paced(port, self._make, rate=10, seconds=3))
        with server("benchmarks.feed_server", {**self._environment, "BENCH_EVENTS": "relayed"}) as (port, _):
            sent = asyncio.run(paced(port, self._make, rate=RATE, seconds=max(3.0, _SECONDS * self._share)))
        taken: list[float] = json.loads(self._file.read_text())
        return sent, taken
