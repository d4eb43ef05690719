"""Rows that meet customers, and their undo, when a statement fails: whichever it is, every row counts once."""

from __future__ import annotations

from typing import Any

from custhub.kit.ids import Prefix, from_text
from tests.faults import Fault, failing
from tests.features.imports.importing import content_of, csv_of, get_import, ready, rows_of, start, worker
from tests.features.jobs.working import job_of, lose_lease, make_due, work_until
from tests.hub import HubUnderTest

COLUMNS = ["display_name", "external_ids[shop]", "tags"]
#: Which statement fails, before it runs or after.
_PLACES = ((2, False), (9, True), (20, False))


def is_of_rows(sql: str) -> bool:
    """Statements of the work itself: of the worker's own watch over its job there are more or fewer each time."""
    names = ("customers", "import_images", "import_batches", "SAVEPOINT", "external_ids")
    return any(name in sql for name in names)


async def to_the_end(hub: HubUnderTest, job_id: str) -> None:
    """Run a job as often as it needs."""
    key = from_text(Prefix.JOB, job_id)
    runner = worker(hub)

    async def has_ended() -> bool:
        row = await job_of(hub, key)
        if row.state == "retryable":
            await make_due(hub, key)
        elif row.state == "running" and not runner.in_hand:
            await lose_lease(hub, key)
        return row.finished_at is not None

    await work_until(runner, has_ended, 60.0)
    await runner.settled()
    assert (await job_of(hub, key)).state == "succeeded", (await job_of(hub, key)).error


async def test_j05_whatever_fails_rows_and_their_undo_count_once(fresh_hub: HubUnderTest) -> None:
    hub = fresh_hub
    for i in range(3):
        body = {"display_name": "a", "external_ids": [{"source": "shop", "id": f"K{i}"}]}
        assert (await hub.api.post("/v1/customers", json=body)).status_code == 201
    before = await content_of(hub)
    rows = [["b", f"K{i}", "vip"] for i in range(3)] + [["n", "N", ""], ["n", "N", "twice"], ["", "N", ""]]
    for at, after in _PLACES:
        assert await _there_and_back(hub, rows, at, before, after=after)


async def _there_and_back(
    hub: HubUnderTest, rows: list[list[str]], at: int, before: list[dict[str, Any]], *, after: bool
) -> bool:
    """An import and its undo, in each of which one statement fails; whether one did."""
    made = await ready(hub.api, csv_of(rows, COLUMNS), mode="upsert", match_on=["external_id"])
    with failing(hub, Fault(at, after=after, hits=is_of_rows)) as first:
        await to_the_end(hub, await start(hub.api, made["id"]))
    done = await get_import(hub.api, made["id"])
    assert {name: done["counts"][name] for name in ("created", "updated", "unchanged", "failed")} == {
        "created": 1, "updated": 4, "unchanged": 1, "failed": 0,
    }  # fmt: skip
    assert len({row["customer_id"] for row in await rows_of(hub.api, made["id"])}) == 4
    answer = await hub.api.post(f"/v1/imports/{made['id']}/undo")
    with failing(hub, Fault(at, after=after, hits=is_of_rows)) as second:
        await to_the_end(hub, answer.json()["id"])
    undone = await get_import(hub.api, made["id"])
    assert undone["undo"] == {"removed": 2, "restored": 3, "kept": 0}
    assert await content_of(hub) == before
    return first.has_struck or second.has_struck
