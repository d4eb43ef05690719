"""An import that is canceled while it runs, or while it is taken back: what is done counts, and can be undone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from custhub.features.imports.service import running, undoing
from custhub.features.imports.service.matching import Slice
from custhub.jobs.models import JobRow
from custhub.kit.ids import Prefix, from_text, to_text
from tests.features.imports.importing import (
    content_of,
    csv_of,
    get_import,
    kinds,
    ready,
    rows_of,
    start,
    undo,
)
from tests.features.jobs.working import Kind, finished, worker_of
from tests.hub import HubUnderTest, make_number

COLUMNS = ["display_name", "phones[0].number", "external_ids[shop]"]
_ROWS = 70
_BATCH = 30
#: Customers in one transaction of an undo.
_FEW = 10

pytestmark = pytest.mark.usefixtures("prepared_here")


class _CanceledWork:
    """The work of a job whose first rows are hardly stored when somebody cancels it."""

    def __init__(self, hub: HubUnderTest, work: Any) -> None:
        self._hub = hub
        self._work = work
        self._is_canceled = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    async def batch(self, uow: Any, **progress: Any) -> None:
        await self._work.batch(uow, **progress)
        if progress.get("processed") and not self._is_canceled:
            self._is_canceled = True
            answer = await self._hub.api.post(f"/v1/jobs/{to_text(Prefix.JOB, self._work.job.id)}/cancel")
            assert (answer.status_code, answer.json()["status"]) == (200, "canceling"), answer.text


async def canceled(hub: HubUnderTest, job_id: str) -> JobRow:
    """Run a job that is canceled after its first rows, to its end."""

    def watched(kind: Any) -> Kind:
        return Kind(lambda work: kind.run(_CanceledWork(hub, work)), kind.name)

    job = await finished(hub, worker_of(hub, *map(watched, kinds(hub))), from_text(Prefix.JOB, job_id))
    assert job.state == "canceled", job.error
    return job


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions of few rows, as many on any machine."""
    for engine in ("sqlite", "postgresql"):
        monkeypatch.setitem(running._ROWS, engine, _BATCH)
        monkeypatch.setitem(undoing._AT_ONCE, engine, _FEW)
        monkeypatch.setitem(undoing._MET_AT_ONCE, engine, _FEW)
    monkeypatch.setattr(running, "slice_of", lambda engine: Slice(_BATCH, 600.0))


@pytest.mark.parametrize("mode", ["create", "update"])
async def test_j06_what_a_canceled_import_did_counts_and_is_taken_back(fresh_hub: HubUnderTest, mode: str) -> None:
    """J-6, MATCHING 5: exactly the rows before the cancel, after an undo that is canceled as well."""
    hub = fresh_hub
    known = [{"display_name": "before", "external_ids": [{"source": "shop", "id": f"K{i}"}]} for i in range(_ROWS)]
    if mode == "update":
        body = {"items": known}
        answer = await hub.api.post("/v1/customers/batch", json=body, headers={"Idempotency-Key": "before-them-all"})
        assert answer.json()["succeeded"] == _ROWS, answer.text
    before = await content_of(hub)
    rows = [[f"n{i}", "12" if i % 10 == 4 else make_number(), f"K{i}"] for i in range(_ROWS)]
    made = await ready(hub.api, csv_of(rows, COLUMNS), mode=mode, match_on=["external_id"])
    job = await canceled(hub, await start(hub.api, made["id"]))

    told, done = await get_import(hub.api, made["id"]), "created" if mode == "create" else "updated"
    good, bad = _BATCH - 3, 3
    assert (told["status"], told["finished_at"]) == ("canceled", None)
    counts = {"total": _ROWS, "created": 0, "updated": 0, "unchanged": 0, "refused": 0, "failed": bad, "skipped": 0}
    assert told["counts"] == counts | {done: good}
    assert (job.processed, job.succeeded, job.failed, job.skipped) == (_BATCH, good, bad, 0)
    results = await rows_of(hub.api, made["id"])
    assert Counter(row["outcome"] for row in results) == {done: good, "failed": bad}
    assert [row["row"] for row in results] == list(range(2, _BATCH + 2))
    content = await content_of(hub)
    assert len(content) == (good if mode == "create" else _ROWS)
    assert sum(one["customer"]["display_name"].startswith("n") for one in content) == good

    back = await hub.api.post(f"/v1/imports/{made['id']}/undo")
    half = await canceled(hub, back.json()["id"])
    told = await get_import(hub.api, made["id"])
    assert (told["status"], half.processed, sum(told["undo"].values())) == ("canceled", _FEW, _FEW)
    undone = await undo(hub, made["id"])
    gone = {"removed": 0, "restored": 0, "kept": 0} | {"removed" if mode == "create" else "restored": good}
    assert (undone["status"], undone["undo"]) == ("undone", gone)
    assert await content_of(hub) == before
