"""Large exports are rendered by a process of their own: the file is the same, and whole whatever ends on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from custhub.features.exports.service import writing
from custhub.features.exports.service.pages import Page
from custhub.features.exports.service.process import PagesOfProcess
from custhub.features.exports.tasks import ExportJob
from custhub.kit.children import ChildLost
from custhub.kit.ids import Prefix, from_text
from tests.customers import create_customer
from tests.features.exports.desk import Desk
from tests.features.jobs.working import Kind, job_of, make_due, work_until, worker_of
from tests.features.keys.rotating import finish, kids, start

Next = Callable[[PagesOfProcess], Awaitable[Page]]


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any number of customers is many here."""
    monkeypatch.setattr(writing, "_MANY", 0)
    monkeypatch.setattr(writing, "_TOLD_SECONDS", 0.0)


def at_page(monkeypatch: pytest.MonkeyPatch, number: int, does: Callable[[PagesOfProcess], Awaitable[None]]) -> None:
    """Do something once, before a page is taken from the process."""
    take: Next = PagesOfProcess.next
    taken = iter(range(1_000))

    async def next_page(pages: PagesOfProcess) -> Page:
        if next(taken) == number:
            await does(pages)
        return await take(pages)

    monkeypatch.setattr(PagesOfProcess, "next", next_page)


async def people(desk: Desk, count: int) -> list[dict[str, Any]]:
    phone = {"number": "+86 139 1234 5678"}
    return [
        await create_customer(desk.api, phones=[phone | {"shared": True}], note="=1+1", tags=[f"t{i}"])
        for i in range(count)
    ]


@pytest.mark.parametrize("form", ["csv", "ndjson", "xlsx"])
async def test_the_file_is_the_same_as_that_made_here(form: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Masks, rights and columns are those that the hub decided."""
    await people(desk, 3)
    there = await desk.export(format=form, filter={})
    monkeypatch.setattr(writing, "_MANY", 1_000)
    here = await desk.export(format=form, filter={})
    assert (there["customers"], there["total"]) == (here["customers"], here["total"]) == (3, 3)
    data = await desk.file(there)
    assert data == await desk.file(here)
    if form == "csv":
        assert b"139****5678" in data
        assert b"'=1+1" in data


async def test_a_process_that_is_killed_leaves_nothing_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is begun anew by another one; what the first one had made is gone."""
    made = await people(desk, 3)

    async def kill(pages: PagesOfProcess) -> None:
        os.kill(pages.process_id, signal.SIGKILL)
        while True:  # until it is noticed
            await pages._child.next()

    at_page(monkeypatch, 1, kill)
    rows = await desk.table(filter={})
    assert [row["id"] for row in rows] == [one["id"] for one in made]
    assert (await desk.hub.rows("SELECT count(*) FROM stored_files"))[0][0] == 1
    assert (await desk.hub.rows("SELECT count(*) FROM export_parts"))[0][0] == 1


async def test_a_process_that_always_dies_ends_the_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await people(desk, 1)
    begun = []

    async def die(pages: PagesOfProcess) -> Page:
        begun.append(pages)
        raise ChildLost

    monkeypatch.setattr(PagesOfProcess, "next", die)
    job = await desk.start(filter={})
    await until(desk, job, "retryable")
    assert len(begun) == 3
    monkeypatch.undo()
    assert (await desk.read(job["result_url"]))["file_url"] is None
    await make_due(desk.hub, from_text(Prefix.JOB, job["id"]))
    assert (await desk.run(job)).state == "succeeded"


async def test_s17_keys_that_rotate_while_the_file_is_written_reach_the_process(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is wrapped under the new key when their page is read is in the file with everything."""
    count = 8
    made = await people(desk, count)

    async def rotate(_: PagesOfProcess) -> None:
        done = await finish(desk.hub, await start(desk.hub, "field"))
        assert done["state"] == "succeeded"
        assert await kids(desk.hub, "customer_keys", "kid") == {2: count}

    at_page(monkeypatch, 0, rotate)
    rows = await desk.table(filter={}, unmasked=True, reason="moving house")
    assert [(row["id"], row["phones[0].number"]) for row in rows] == [(one["id"], "'+8613912345678") for one in made]


async def test_j06_a_cancel_ends_the_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await people(desk, 2)
    seen: list[int] = []
    job = await desk.start(filter={})

    async def cancel(pages: PagesOfProcess) -> None:
        seen.append(pages.process_id)
        assert (await desk.api.post(f"/v1/jobs/{job['id']}/cancel")).status_code in (200, 202)

    at_page(monkeypatch, 0, cancel)
    row = await desk.run(job)
    assert row.state == "canceled"
    assert not is_there(seen[0])
    assert (await desk.read(job["result_url"]))["file_url"] is None


async def test_the_process_ends_with_the_hub(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pipe ends: it is at its end too, and whoever takes the job over begins the file anew."""
    await people(desk, 1)
    ended: list[int] = []

    async def leave(pages: PagesOfProcess) -> None:
        process = pages._child._process
        assert process.stdin is not None
        process.stdin.close()
        ended.append(await process.wait())
        raise ChildLost

    at_page(monkeypatch, 0, leave)
    assert len(await desk.table(filter={})) == 1
    assert ended == [0]


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(desk: Desk, job: dict[str, Any], state: str) -> None:
    """Run a job as far as this state."""
    kind, job_id = ExportJob(desk.hub.app.hub), from_text(Prefix.JOB, job["id"])

    async def is_there_yet() -> bool:
        return (await job_of(desk.hub, job_id)).state == state

    await work_until(worker_of(desk.hub, Kind(kind.run, kind.name)), is_there_yet)
