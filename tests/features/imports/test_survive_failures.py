"""Rows that meet customers, and their undo, when a statement fails: whichever it is, every row counts once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from custhub.kit.db import DatabaseUnavailable, DiskFull
from custhub.kit.ids import Prefix, from_text
from tests.faults import Fault, failing
from tests.features.imports.importing import content_of, csv_of, get_import, ready, rows_of, start, worker
from tests.features.jobs.working import job_of, lose_lease, make_due
from tests.hub import HubUnderTest

COLUMNS = ["display_name", "external_ids[shop]", "tags"]
Counts = dict[str, int]
_TABLES = ("customers", "import_images", "import_batches", "external_ids")


class OfRows:
    """Statements of the transactions of rows, their COMMIT too.

    Of the worker's own watch over its job there are more or fewer each time.
    """

    def __init__(self) -> None:
        self._is_inside = False

    def __call__(self, sql: str) -> bool:
        if sql.startswith("BEGIN") or sql == "ROLLBACK":
            self._is_inside = False
        elif any(name in sql for name in (*_TABLES, "SAVEPOINT")):
            self._is_inside = True
        elif sql.startswith("SELECT") and "jobs" in sql:
            return False
        is_one = self._is_inside
        self._is_inside = is_one and sql != "COMMIT"
        return is_one


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

    async with asyncio.timeout(60):
        while True:
            with suppress(DatabaseUnavailable, DiskFull):  # as a worker does: it looks again
                if await has_ended():
                    break
                await runner.tick()
            await asyncio.sleep(0.005)
    await runner.settled()
    assert (await job_of(hub, key)).state == "succeeded", (await job_of(hub, key)).error


@pytest.mark.usefixtures("prepared_here")
@pytest.mark.parametrize("after", [False, True], ids=["before it runs", "after it ran"])
async def test_j05_whatever_statement_fails_a_row_and_its_undo_count_once(
    fresh_hub: HubUnderTest, *, after: bool
) -> None:
    """J-5: each statement there is, one after the other: a COMMIT too, whose answer is lost."""
    rows, at = [["b", "K0", "vip"]], 0
    before = await _known(fresh_hub, 1)
    wanted = {"created": 0, "updated": 1, "unchanged": 0, "failed": 0}, {"removed": 0, "restored": 1, "kept": 0}
    has_struck = True
    while has_struck:
        at += 1
        has_struck = await _there_and_back(fresh_hub, rows, Fault(at, after=after, hits=OfRows()), before, wanted)
    assert at > 10


async def test_j05_rows_that_create_and_meet_again_count_once_too(fresh_hub: HubUnderTest) -> None:
    rows = [["b", f"K{i}", "vip"] for i in range(3)] + [["n", "N", ""], ["n", "N", "twice"], ["", "N", ""]]
    before = await _known(fresh_hub, 3)
    wanted = {"created": 1, "updated": 4, "unchanged": 1, "failed": 0}, {"removed": 2, "restored": 3, "kept": 0}
    assert await _there_and_back(fresh_hub, rows, Fault(20, after=True, hits=OfRows()), before, wanted)


async def _known(hub: HubUnderTest, count: int) -> list[dict[str, Any]]:
    """What is kept of so many customers."""
    for i in range(count):
        body = {"display_name": "a", "external_ids": [{"source": "shop", "id": f"K{i}"}]}
        assert (await hub.api.post("/v1/customers", json=body)).status_code == 201
    return await content_of(hub)


async def _there_and_back(
    hub: HubUnderTest, rows: Sequence[Sequence[str]], fault: Fault, before: Any, wanted: tuple[Counts, Counts]
) -> bool:
    """An import and its undo, in each of which one statement fails; whether one did."""
    counts, taken = wanted
    made = await ready(hub.api, csv_of(rows, COLUMNS), mode="upsert", match_on=["external_id"])
    job = await start(hub.api, made["id"])
    with failing(hub, fault):
        await to_the_end(hub, job)
    done = await get_import(hub.api, made["id"])
    assert {name: done["counts"][name] for name in counts} == counts, fault.at
    customers = len(before) + counts["created"]
    assert len({row["customer_id"] for row in await rows_of(hub.api, made["id"])}) == customers
    answer = await hub.api.post(f"/v1/imports/{made['id']}/undo")
    again = Fault(fault.at, after=fault.after, hits=OfRows())
    with failing(hub, again):
        await to_the_end(hub, answer.json()["id"])
    undone = await get_import(hub.api, made["id"])
    assert undone["undo"] == taken, fault.at
    assert await content_of(hub) == before, fault.at
    return fault.has_struck or again.has_struck
