"""How fast a file becomes customers, what requests feel of it meanwhile, and what the database alone would take."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from benchmarks.client import Result, paced, request
from benchmarks.import_rows import COLUMNS, file_of, row_of
from benchmarks.processes import cpu_seconds, server, waited_seconds
from custhub.app import Application, build
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.imports.rules.formats import Encoding, FileKind, Layout
from custhub.features.imports.service.rows import NoDatabase, RowPreparer
from custhub.features.imports.service.setup import Task
from custhub.features.imports.service.storing import prepared_of
from custhub.kit.bulk import dialect_of
from custhub.kit.db import micros
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import ALL
from custhub.security.standing import kept
from custhub.settings import Settings

ROWS = 60_000
_LIMIT_ROWS = 12_000
_BATCH = 500
#: Rows a second (PostgreSQL, SQLite) on two cores.
AIM = {"postgresql": 5_000, "sqlite": 4_000}
#: Reads and writes a second beside an import, and before it.
_RATE = 20.0
_QUIET_SECONDS = 8.0
_WHO = Principal("user", UUID(int=1), "bench", "bench", ALL, (), policy(everything(Access.WRITE), "mask"), ALL_ROWS)


@dataclass(frozen=True, slots=True)
class Run:
    """One import: all of it, and what came between the first batch and the last."""

    rows: int
    seconds: float
    steady: float
    hub_us: float
    child_us: float
    database_us: float


class Imports:
    """The figures of one engine. `ids` are customers to read, `create` gives requests that make some."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        database_pids: Callable[[], list[int]],
        token: str,
        ids: list[str],
        create: Callable[[int], bytes],
        share: float,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._pids = database_pids
        self._token = token
        self._ids = ids
        self._create = create
        self._rows = max(2_000, int(ROWS * share))

    def lines(self, engine: str) -> list[str]:
        """The rate beside its limit, and the latency of requests beside that of a quiet hub."""
        limit = asyncio.run(self._limit())
        with server("benchmarks.hub_server", self._environment) as (port, pid):
            alone, _ = self._import(port, pid, 0, None)
            quiet = asyncio.run(self._requests(port, 0, _QUIET_SECONDS))
            beside, busy = self._import(port, pid, self._rows, quiet)
        told = [
            f"{engine}: import of {alone.rows:,} rows {alone.steady:,.0f} rows/s (aim {AIM[engine]:,}), whole "
            f"{alone.rows / alone.seconds:,.0f}; CPU us a row: hub {alone.hub_us:,.0f}, child {alone.child_us:,.0f}, "
            f"database {alone.database_us:,.0f}; limit {limit:,.0f} rows/s"
        ]
        for name, before, during in zip(("read", "create"), quiet, busy or quiet, strict=True):
            p50, p99, aim = during.percentile(0.5), during.percentile(0.99), 2 * before.percentile(0.99) + 50
            failed = f", {during.failures} failed" if during.failures else ""
            told.append(
                f"{engine}: {name} at {_RATE:.0f}/s while {beside.steady:,.0f} rows/s come in: p50 {p50:.1f} ms, "
                f"p99 {p99:.1f} (aim {aim:.0f}; quiet {before.percentile(0.5):.1f} and {before.percentile(0.99):.1f})"
                f"{failed}"
            )
        return told

    def _import(self, port: int, pid: int, first: int, quiet: list[Result] | None) -> tuple[Run, list[Result] | None]:
        """Import a file; with `quiet`, requests come meanwhile."""
        made = self._call(port, "POST", "/v1/imports", json.dumps({"source": "shop"}).encode(), key=f"bench-{first:09}")
        path = f"/v1/imports/{made['id']}"
        self._call(port, "PUT", f"{path}/file", file_of(first, self._rows), kind="application/octet-stream")
        return asyncio.run(self._watched(port, pid, path, first, quiet))

    async def _watched(
        self, port: int, pid: int, path: str, first: int, quiet: list[Result] | None
    ) -> tuple[Run, list[Result] | None]:
        database, hub, waited = cpu_seconds(self._pids()), cpu_seconds([pid]), waited_seconds(pid)
        began = time.perf_counter()
        job = f"/v1/jobs/{self._call(port, 'POST', f'{path}/start')['id']}"
        beside = None if quiet is None else asyncio.create_task(self._requests(port, 1, 3600.0))
        marks: list[tuple[float, int]] = []
        while True:
            await asyncio.sleep(0.1)
            state = await asyncio.to_thread(self._call, port, "GET", job)
            if state["processed"] and (not marks or state["processed"] != marks[-1][1]):
                marks.append((time.perf_counter(), state["processed"]))
            if state["status"] in ("succeeded", "failed", "canceled"):
                break
        seconds = time.perf_counter() - began
        if state["succeeded"] != self._rows:
            raise RuntimeError(f"the import ended {state['status']}: {state['succeeded']} of {self._rows} rows")
        busy: list[Result] | None = None
        if beside is not None:
            self._stop.set()
            busy = await beside
        (start, at_start), (end, at_end) = marks[0], marks[-1]
        rows = self._rows
        run = Run(
            rows,
            seconds,
            (at_end - at_start) / (end - start) if end > start else rows / seconds,
            (cpu_seconds([pid]) - hub) / rows * 1e6,
            (waited_seconds(pid) - waited) / rows * 1e6,
            (cpu_seconds(self._pids()) - database) / rows * 1e6,
        )
        return run, busy

    async def _requests(self, port: int, turn: int, seconds: float) -> list[Result]:
        """A reader and a writer, each at a modest rate, until the time is over or the import is."""
        self._stop = asyncio.Event()

        def read(i: int) -> bytes:
            return request("GET", f"/v1/customers/{self._ids[i % len(self._ids)]}", self._token)

        def write(i: int) -> bytes:
            return self._create(900_000 + turn * 400_000 + i)

        made = (
            paced(port, make, rate=_RATE, seconds=seconds, connections=8, stop=self._stop) for make in (read, write)
        )
        return list(await asyncio.gather(*made))

    def _call(
        self, port: int, method: str, path: str, body: bytes | None = None, *, key: str = "", kind: str = ""
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind or "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        if method == "POST" and body is None:
            del headers["Content-Type"]
        call = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=headers, method=method)
        with urllib.request.urlopen(call, timeout=600) as answer:  # noqa: S310  # loopback
            found: dict[str, Any] = json.load(answer)
        return found

    async def _limit(self) -> float:
        """Rows a second that the database takes when everything is made already: COPY, or `executemany`."""
        app = build(self._settings)
        await app.start()
        batches = self._prepared(app)
        began = time.perf_counter()
        for tables in batches:
            uow = app.hub.unit_of_work(SYSTEM, "bench")
            for name, rows in tables:
                await uow.load(name, rows)
            await uow.commit()
        took = time.perf_counter() - began
        await app.stop()
        return _LIMIT_ROWS / took

    def _prepared(self, app: Application) -> list[Any]:
        """The rows of a file, encoded by table, as the hub's own child makes them."""
        name = app.database.name
        layout = Layout(FileKind.CSV, Encoding.UTF_8, 0, ",", True, None, tuple(COLUMNS), _LIMIT_ROWS)
        catalogue = app.hub.parts[STANDARDS].catalogue.value
        task = Task(
            "rows",
            {"default_country": "CN"},
            layout=layout,
            plan={"rules": [], "constants": {}},
            source="shop",
            standing=kept(_WHO),
            engine=name,
            request_id="bench",
            bulk_id=UUID(int=7),
            catalogue=catalogue,
        )
        preparer = RowPreparer(task, app.keys, NoDatabase(dialect_of(name)))
        now = app.clock.now()
        found = []
        for at in range(0, _LIMIT_ROWS, _BATCH):
            reads = [row_of(90_000_000 + i) for i in range(at, at + _BATCH)]
            batch = preparer.batch(reads, at, now) | {"now": micros(now)}
            prepared = prepared_of(batch)
            found.append([table[:2] for table in (*prepared.keys, *prepared.tables)])
        return found
