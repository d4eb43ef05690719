"""Rows that meet customers, and their undo, killed with -9 amid them: exact counts, and everybody is who they were."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from tests.databases import TestDatabases
from tests.features.imports.importing import csv_of
from tests.process.running import environment
from tests.proofs.business import Books
from tests.proofs.mortals import Mortals, calling, mortals

_COLUMNS: Final = ("display_name", "external_ids[shop]", "tags", "note", "stage")
_MET, _AGAIN, _NEW, _BAD = 160, 20, 60, 8
_ROWS: Final = _MET + _AGAIN + _NEW + _BAD
#: A kill may come when all is done already: then it is tried once more.
_TURNS: Final = 6
_PATIENCE_SECONDS: Final = 600
_ENDED: Final = ("succeeded", "failed", "canceled")
_DEAD_LEASES: Final = "UPDATE jobs SET lease_until = clock_timestamp() WHERE lease_until > clock_timestamp()"
#: They tell how often something was written.
_MOVING: Final = frozenset({"revision", "updated_at"})


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_j05_an_upserting_import_and_its_undo_survive_kill_9(engine: str, databases: TestDatabases) -> None:
    """J-5, MATCHING 5."""
    asyncio.run(_prove(engine, databases))


async def _prove(engine: str, databases: TestDatabases) -> None:
    with TemporaryDirectory(prefix="custhub-proof-") as directory:
        home, settings = Path(directory), {"rate_limit": "off"}
        database: Path | str
        if engine == "postgresql":
            database = settings["database_url"] = databases.postgres_url()
        else:
            database = databases.sqlite_copy(home / "home" / "data" / "custhub.db")
        with mortals(home, engine, environment(home / "home", **settings)) as processes:
            await processes.ready()
            token = await asyncio.to_thread(processes.server.token, role="admin")
            async with calling(processes, token) as call:
                await _Round(call, processes, Books(database), ends_leases=engine == "postgresql").run()


def _file(turn: int) -> bytes:
    """New customers are others each time: the ids of those that were taken back are free, their rows are not."""
    met = [[f"changed {i}", f"K{i}", f"new;t{i}", f"now {i}", "active"] for i in range(_MET)]
    new = [[f"made {i}", f"N{turn}-{i}", "new", "", "lead"] for i in range(_NEW)]
    bad = [[f"bad {i}", f"K{i}", "", "", "no_such_stage"] for i in range(_BAD)]
    again = [[f"once more {i}", f"K{i}", "again", "", "active"] for i in range(_AGAIN)]
    mixed = [row for rows in zip(met[:_NEW], new, strict=True) for row in rows]
    return csv_of([*mixed, *bad, *met[_NEW:], *again], _COLUMNS)


class _Round:
    def __init__(self, call: Any, processes: Mortals, books: Books, *, ends_leases: bool) -> None:
        self._call = call
        self._processes = processes
        self._books = books
        self._ends_leases = ends_leases

    async def run(self) -> None:
        ids = await self._known()
        before = [await self._shown(one) for one in ids]
        has_hit = {"import": False, "undo": False}
        for turn in range(_TURNS):
            made = await self._call("POST", "/v1/imports", _BY_ID, f"killed-upserts-{turn}")
            path = f"/v1/imports/{made.json()['id']}"
            content = _file(turn)
            uploaded = await self._call("PUT", f"{path}/file", content=lambda file=content: _pieces(file))
            assert uploaded.json()["file"]["rows"] == _ROWS
            has_hit["import"] |= await self._through(await self._call("POST", f"{path}/start"))
            found = (await self._call("GET", path)).json()
            wanted = {"created": _NEW, "updated": _MET + _AGAIN, "unchanged": 0, "refused": 0, "failed": _BAD}
            assert found["counts"] == {"total": _ROWS, **wanted, "skipped": 0}
            assert [await self._shown(one) for one in ids] != before
            assert await self._books.value("SELECT count(*) FROM customers WHERE erased_at IS NULL") == _MET + _NEW

            has_hit["undo"] |= await self._through(await self._call("POST", f"{path}/undo"))
            found = (await self._call("GET", path)).json()
            assert found["undo"] == {"removed": _NEW, "restored": _MET + _AGAIN, "kept": 0}
            assert [await self._shown(one) for one in ids] == before
            assert await self._books.value("SELECT count(*) FROM customers WHERE erased_at IS NULL") == _MET
            if all(has_hit.values()):
                return
        pytest.fail(f"no kill came amid it: {has_hit}")

    async def _known(self) -> list[str]:
        """Customers whom rows will meet."""
        ids = []
        for first in range(0, _MET, 40):
            items = [
                {"display_name": f"before {i}", "external_ids": [{"source": "shop", "id": f"K{i}"}], "tags": ["old"]}
                for i in range(first, first + 40)
            ]
            made = await self._call("POST", "/v1/customers/batch", {"items": items}, f"from-before-{first:06}")
            ids += [result["id"] for result in made.json()["results"]]
        return ids

    async def _shown(self, customer: str) -> Any:
        return _still((await self._call("GET", f"/v1/customers/{customer}")).json())

    async def _through(self, started: Any) -> bool:
        """Kill the worker once the job has done something, and let it go on to its end; whether it was at work."""
        assert started.status_code == 202, started.text
        job = f"/v1/jobs/{started.json()['id']}"
        state = await self._until(job, lambda now: now["processed"] > 0)
        await self._processes.kill_worker()
        if self._ends_leases:
            await self._books.run(_DEAD_LEASES)
        was_at_work = state["status"] not in _ENDED
        state = await self._until(job, lambda _: False)
        assert state["status"] == "succeeded", state
        return was_at_work

    async def _until(self, job: str, enough: Any) -> Mapping[str, Any]:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                state: dict[str, Any] = (await self._call("GET", job)).json()
                if enough(state) or state["status"] in _ENDED:
                    return state
                await asyncio.sleep(0.01)


_BY_ID: Final = {"source": "shop", "mode": "upsert", "match_on": ["external_id"]}


def _still(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _still(held) for name, held in value.items() if name not in _MOVING}
    return [_still(item) for item in value] if isinstance(value, list) else value


async def _pieces(content: bytes) -> Any:
    yield content
