"""How fast customers are written into files, beside the same rows read by the driver and written by `csv` alone."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID

from benchmarks.processes import children_of, cpu_seconds, own_bytes, peak_bytes, waited_seconds
from custhub.app import Application, build
from custhub.features.customers.service.selecting import saved_selections
from custhub.features.exports.schemas import ExportCreate
from custhub.features.exports.service.starting import Exports as Desk
from custhub.features.fields.rules import Access as Fields
from custhub.features.fields.rules import Catalogue
from custhub.jobs.store import JOB
from custhub.kit.reading import long_read
from custhub.kit.uow import SYSTEM
from custhub.security.fields import Access, everything, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS
from custhub.security.scopes import ALL
from custhub.settings import Settings

#: Rows a second, of a million.
AIM = 20_000
FORMS = ("csv", "ndjson", "xlsx")
_PAGE = 500
_WHO = Principal("system", UUID(int=1), "bench", "bench", ALL, (), policy(everything(Access.WRITE), "mask"), ALL_ROWS)
_RAW = (
    "SELECT c.*, k.wrapped, p.e164 FROM (SELECT * FROM customers WHERE id > {after} ORDER BY id LIMIT {limit}) c "
    "JOIN customer_keys k ON k.customer_id = c.id LEFT JOIN customer_phones p ON p.customer_id = c.id ORDER BY c.id"
)


class _Done(NamedTuple):
    """One export: seconds of the clock, of the hub with its database, of the process that renders.

    `grown` is what the hub held more of its own memory than before, at most: pages of a mapped database are not its
    own. `peak` is all that the process that renders held.
    """

    rows: int
    seconds: float
    hub: float
    child: float
    grown: int
    peak: int


class Exports:
    """The figures of one engine. `database_pids` names its processes."""

    def __init__(self, settings: Settings, database_pids: Callable[[], list[int]], pid: int) -> None:
        self._settings = settings
        self._pids = database_pids
        self._pid = pid

    def lines(self, engine: str) -> list[str]:
        """One line for each form."""
        return asyncio.run(self._lines(engine))

    async def _lines(self, engine: str) -> list[str]:
        app = build(self._settings)
        await app.start()
        stop = asyncio.Event()
        worker = asyncio.create_task(app.jobs.run(stop))
        limit = await self._limit(app)
        lines = []
        for form in FORMS:
            done = await self._export(app, form)
            rows = done.rows
            lines.append(
                f"{engine}: export of {rows:,} customers as {form} {rows / done.seconds:,.0f} rows/s "
                f"(aim {AIM:,}), CPU {done.hub / rows * 1e6:,.0f} us a row in the hub and its database, "
                f"{done.child / rows * 1e6:,.0f} in the process that renders (its start included); memory of the hub "
                f"{done.grown / 2**20:+,.0f} MiB, of that process {done.peak / 2**20:,.0f} MiB; "
                f"limit {limit:,.0f} rows/s"
            )
        stop.set()
        await worker
        await app.stop()
        return lines

    async def _export(self, app: Application, form: str) -> _Done:
        uow = app.hub.unit_of_work(SYSTEM, "bench")
        body = ExportCreate.model_validate({"format": form, "filter": {}})
        began, before, waited = time.perf_counter(), self._cpu(), waited_seconds(self._pid)
        job = await Desk(uow, _WHO, saved_selections(app.hub), Fields(Catalogue(), None)).start(body)
        await uow.commit()
        others, mine, peak = children_of(self._pid), set[int](), 0
        own = grown = own_bytes(self._pid)
        while (row := await JOB.first(app.database, id=job.id)) is None or row.finished_at is None:
            await asyncio.sleep(0.2)
            grown = max(grown, own_bytes(self._pid))
            mine = mine or children_of(self._pid) - others
            with suppress(OSError, StopIteration):  # it has just ended
                peak = max([peak, *map(peak_bytes, mine)])
        if row.state != "succeeded":
            raise RuntimeError(f"the export ended {row.state}: {row.error}")
        child = waited_seconds(self._pid) - waited
        return _Done(max(1, row.processed), time.perf_counter() - began, self._cpu() - before, child, grown - own, peak)

    async def _limit(self, app: Application) -> float:
        """Rows a second of the driver and `csv`: nothing is opened, masked, sealed or stored."""
        is_sqlite = app.database.name == "sqlite"
        sql = _RAW.format(after="?" if is_sqlite else "$1", limit="?" if is_sqlite else "$2")
        after: object = bytes(16) if is_sqlite else UUID(int=0)
        total, began = 0, time.perf_counter()
        async with long_read(app.database) as reads:
            while True:
                async with reads.moment() as reader:
                    rows = await reader.fetch(sql, (after, _PAGE))
                if not rows:
                    return total / (time.perf_counter() - began)
                csv.writer(io.StringIO()).writerows(map(tuple, rows))
                after = rows[-1][0]
                total += len(rows)

    def _cpu(self) -> float:
        return cpu_seconds([self._pid, *self._pids()])
