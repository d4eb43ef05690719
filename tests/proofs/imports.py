"""An import is killed with -9 while it runs, goes on, names each bad row, and is taken back as if it had never been."""

from __future__ import annotations

import asyncio
import csv
import io
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.databases import TestDatabases
from tests.process.running import environment
from tests.proofs.business import Books
from tests.proofs.import_file import Planted, customer_of, planted
from tests.proofs.mortals import Mortals, calling, mortals
from tests.proofs.running import workplace

#: A job whose worker died is at work again within this time (J-5).
RESUME_SECONDS = 45
_BEFORE = 40
_PATIENCE_SECONDS = 7_200
_DEAD_LEASES = "UPDATE jobs SET lease_until = clock_timestamp() WHERE lease_until > clock_timestamp()"


@dataclass(slots=True)
class Proved:
    """What was seen; `faults` is empty if all is well."""

    kills: int = 0
    resumed: list[float] = field(default_factory=list)
    import_seconds: float = 0.0
    undo_seconds: float = 0.0
    megabytes: int = 0
    faults: list[str] = field(default_factory=list)

    def expect(self, what: str, wanted: Any, found: Any) -> None:
        """Note a difference."""
        if wanted != found:
            self.faults.append(f"{what}: {str(found)[:200]}, not {str(wanted)[:200]}")


async def prove(
    engine: str, rows: int, kills: int, seed: int, *, waits: bool, databases: TestDatabases | None = None
) -> tuple[Planted, Proved]:
    """Import so many rows and take them back. Without `waits` no time counts: leases of the killed end at once."""
    file = planted(rows, seed)
    with workplace(databases) as (home, given):
        settings = {"rate_limit": "off"}
        database: Path | str
        if engine == "postgresql":
            database = settings["database_url"] = given.postgres_url()
        else:
            database = given.sqlite_copy(home / "home" / "data" / "custhub.db")
        file.write(home / "file.csv")
        with mortals(home, engine, environment(home / "home", **settings)) as processes:
            proof = _Proof(processes, Books(database), file, home / "file.csv", random.Random(seed))
            proof.waits = waits
            proof.ends_leases = engine == "postgresql" and not waits  # SQLite has none
            return file, await proof.run(kills)


class _Proof:
    def __init__(self, processes: Mortals, books: Books, file: Planted, path: Path, rng: random.Random) -> None:
        self._processes = processes
        self._books = books
        self._file = file
        self._path = path
        self._rng = rng
        self._proved = Proved()
        self._call: Any = None
        self.waits = True
        self.ends_leases = False

    async def run(self, kills: int) -> Proved:
        await self._processes.ready()
        token = await asyncio.to_thread(self._processes.server.token, role="admin")
        async with calling(self._processes, token) as self._call:
            await self._fill()
            before = await self._books.content()
            import_id = await self._upload()
            await self._import(import_id, kills)
            await self._look_at(import_id, before.rows["customers"])
            await self._undo(import_id)
            after = await self._books.content()
        self._proved.expect("rows by table after the undo", before.rows, after.rows)
        self._proved.expect("checksum after the undo", before.checksum, after.checksum)
        self._proved.megabytes = _peak_megabytes(self._processes.server.process.pid)
        return self._proved

    async def _fill(self) -> None:
        """Customers that were there before, with parts of every kind."""
        items = []
        for i in range(_BEFORE):
            name, _, email, key, stage, _ = customer_of(-1 - i)
            items.append(
                {
                    "display_name": name,
                    "phones": [{"number": f"138{i:08d}"}],
                    "emails": [{"email": email}],
                    "addresses": [{"full_text": f"广东省深圳市南山区科技园路{i + 1}号"}],
                    "external_ids": [{"source": "shop", "id": f"B-{key}"}],
                    "stage": stage,
                    "tags": ["old"],
                    "note": "call 13912345678",
                }
            )
        made = await self._call("POST", "/v1/customers/batch", {"items": items}, "customers-from-before")
        self._proved.expect("customers from before", _BEFORE, made.json()["succeeded"])

    async def _upload(self) -> str:
        made = await self._call("POST", "/v1/imports", {"source": "shop"}, "import-of-the-proof")
        made.raise_for_status()
        path = f"/v1/imports/{made.json()['id']}"
        uploaded = await self._call("PUT", f"{path}/file", content=lambda: _pieces(self._path))
        uploaded.raise_for_status()
        self._proved.expect("rows of the file", self._file.rows, uploaded.json()["file"]["rows"])
        return path

    async def _import(self, path: str, kills: int) -> None:
        job = (await self._call("POST", f"{path}/start")).json()["id"]
        began = time.monotonic()
        # Early ones, and never near the end: each must hit a job at work.
        marks = sorted(self._rng.uniform(0.0, 0.7) for _ in range(kills))
        for mark in marks:
            done = await self._progress(job, _above(mark * self._file.rows))
            await asyncio.sleep(self._rng.uniform(0.0, 0.05))
            await self._processes.kill_worker()
            killed = time.monotonic()
            if self.ends_leases:
                await self._books.run(_DEAD_LEASES)
            self._proved.kills += done < self._file.rows
            done = await self._processed(job)
            await self._progress(job, _above(done))
            self._proved.resumed.append(time.monotonic() - killed)
        await self._end(job)
        self._proved.import_seconds = time.monotonic() - began
        self._proved.expect("kills of a job at work", kills, self._proved.kills)
        if self.waits:
            late = [seconds for seconds in self._proved.resumed if seconds > RESUME_SECONDS]
            self._proved.expect("resumed too late", [], late)
        self._job = (await self._call("GET", f"/v1/jobs/{job}")).json()

    async def _look_at(self, path: str, before: int) -> None:
        """Exact counts, and every bad row by its code."""
        file, expect = self._file, self._proved.expect
        found = (await self._call("GET", path)).json()
        bad = len(file.bad)
        counts = {
            "total": file.rows,
            "created": file.good,
            "updated": 0,
            "unchanged": 0,
            "refused": 0,
            "failed": bad,
            "skipped": 0,
        }
        expect("status", "succeeded", found["status"])
        expect("counts", counts, found["counts"])
        told = {name: self._job[name] for name in ("processed", "succeeded", "failed", "skipped")}
        expect("counts of the job", {"processed": file.rows, "succeeded": file.good, "failed": bad, "skipped": 0}, told)
        report = csv.DictReader(io.StringIO((await self._call("GET", f"{path}/errors")).text))
        named = {int(line["row"]): line["code"] for line in report}
        expect("bad rows", {}, {row: code for row, code in file.bad.items() if named.get(row) != code})
        expect("rows that are refused though they are good", [], sorted(named.keys() - file.bad.keys()))
        books = self._books
        expect("customers", before + file.good, await books.value("SELECT count(*) FROM customers"))
        ids = "SELECT count(DISTINCT external_id) FROM customer_external_ids WHERE external_id LIKE 'A-%'"
        expect("customers by their row", file.good, await books.value(ids))
        events = "SELECT count(DISTINCT subject_id) FROM events WHERE type = 'customer.created' AND bulk_id IS NOT NULL"
        expect("events of rows", file.good, await books.value(events))
        for place in self._rng.sample(range(file.rows), 20):
            number = {"phone": customer_of(place)[1]}
            known = (await self._call("POST", "/v1/customers/lookup", number)).json()["data"]
            keys = [key["id"] for customer in known for key in customer["external_ids"]]
            wanted = [] if place + 2 in file.bad else [customer_of(place)[3]]
            expect(f"row {place + 2} by its number", wanted, keys)

    async def _undo(self, path: str) -> None:
        began = time.monotonic()
        await self._end((await self._call("POST", f"{path}/undo")).json()["id"])
        self._proved.undo_seconds = time.monotonic() - began
        found = (await self._call("GET", path)).json()
        self._proved.expect("undo", {"removed": self._file.good, "restored": 0, "kept": 0}, found["undo"])
        self._proved.expect("status", "undone", found["status"])

    async def _end(self, job: str) -> None:
        await self._progress(job, lambda _: False)
        state = (await self._call("GET", f"/v1/jobs/{job}")).json()
        self._proved.expect("end of the job", "succeeded", state["status"])

    async def _processed(self, job: str) -> int:
        return int((await self._call("GET", f"/v1/jobs/{job}")).json()["processed"])

    async def _progress(self, job: str, enough: Callable[[int], bool]) -> int:
        """Wait until so much is done, or the end."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                state = (await self._call("GET", f"/v1/jobs/{job}")).json()
                if enough(state["processed"]) or state["status"] in ("succeeded", "failed", "canceled"):
                    return int(state["processed"])
                await asyncio.sleep(0.05)


def _above(mark: float) -> Callable[[int], bool]:
    return lambda now: now > mark


async def _pieces(path: Path) -> Any:
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            yield piece


def _peak_megabytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) // 1024
    return 0
