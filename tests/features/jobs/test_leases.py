"""Workers that die, stand still, stop, or fight over one job (J-1, J-3, J-4, J-6, J-7, R-1, R-4)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from custhub.jobs.errors import LeaseLost
from custhub.jobs.leases import LEASE
from custhub.jobs.models import JobRow
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.postgresql import PostgresDatabase
from custhub.kit.uow import Note
from custhub.kit.writes import LostRace
from tests.features.jobs.working import (
    Kind,
    execute,
    finished,
    job_of,
    lease_thread,
    lose_lease,
    put,
    work_until,
    worker_of,
)
from tests.hub import HubUnderTest

#: Rules of one engine alone.
POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"], indirect=True, scope="module")
SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True, scope="module")


async def _begun(hub: HubUnderTest, worker: Any, job: JobRow, processed: int = 0) -> None:
    """It runs, and has stored so much."""

    async def is_running() -> bool:
        row = await job_of(hub, job.id)
        return row.state == "running" and worker.in_hand == 1 and row.processed >= processed

    await work_until(worker, is_running)


class Hanging:
    """A kind whose first run stands still until told, then goes on as if nothing had happened."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.runs = 0
        self.ends: list[str] = []

    async def __call__(self, work: JobWork) -> None:
        self.runs += 1
        run = self.runs
        if work.cursor is None:
            await work.batch(work.unit_of_work(), cursor=1, processed=1, succeeded=1)
        if run == 1:
            await self.go_on.wait()
        try:
            uow = work.unit_of_work()
            uow.audit(Note("audit.sink_refilled", "job", work.job.id, reason=str(run)))
            await work.batch(uow, cursor=2, processed=1, succeeded=1)
        except BaseException as error:
            self.ends.append(type(error).__name__)
            raise
        self.ends.append("done")


async def test_j04_a_worker_that_stood_still_and_goes_on_writes_nothing(fresh_hub: HubUnderTest) -> None:
    kind = Hanging()
    frozen, other = worker_of(fresh_hub, kind), worker_of(fresh_hub, kind)
    job = await put(fresh_hub)
    await _begun(fresh_hub, frozen, job, processed=1)
    await lose_lease(fresh_hub, job.id)
    done = await finished(fresh_hub, other, job.id)
    assert (done.state, done.processed, done.succeeded, done.cursor, done.attempt) == ("succeeded", 2, 2, 2, 1)
    kind.go_on.set()
    await frozen.settled()
    assert kind.ends == ["done", "LeaseLost"]
    assert await job_of(fresh_hub, job.id) == done
    entries = await fresh_hub.rows("SELECT reason FROM audit_entries WHERE action = 'audit.sink_refilled'")
    assert [row[0] for row in entries] == ["2"]


async def test_j04_the_fence_holds_in_explicit_transactions_too(fresh_hub: HubUnderTest) -> None:
    kept: list[JobWork] = []
    go_on = asyncio.Event()

    async def run(work: JobWork) -> None:
        kept.append(work)
        await go_on.wait()

    frozen, other = worker_of(fresh_hub, run), worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    for worker, count in ((frozen, 1), (other, 2)):

        async def has_come(count: int = count) -> bool:
            return len(kept) == count

        await work_until(worker, has_come)
        if worker is frozen:
            await lose_lease(fresh_hub, job.id)
    with pytest.raises(LeaseLost):
        async with kept[0].transaction(processed=1):
            raise AssertionError("the fence stands before the work")
    async with kept[1].transaction(processed=1):
        pass
    go_on.set()
    await other.settled()
    await frozen.settled()
    assert (await job_of(fresh_hub, job.id)).processed == 1


async def test_a_lost_race_of_the_batch_itself_is_told_as_such(fresh_hub: HubUnderTest) -> None:
    seen: list[str] = []

    async def run(work: JobWork) -> None:
        try:
            async with work.transaction(processed=1):
                raise LostRace
        except LostRace:
            seen.append("lost")
        await work.batch(work.unit_of_work(), processed=1)

    done = await finished(fresh_hub, worker_of(fresh_hub, run), (await put(fresh_hub)).id)
    assert (seen, done.processed) == (["lost"], 1)


async def test_j07_three_leases_lost_in_a_row_give_a_job_up(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        await work.pause(3_600)

    job = await put(fresh_hub)
    dead = []
    for lost in (1, 2):
        dead.append(worker_of(fresh_hub, run))
        await _begun(fresh_hub, dead[-1], job)
        await lose_lease(fresh_hub, job.id)
        row = await job_of(fresh_hub, job.id)
        assert (row.state, row.lost_leases, row.attempt) == ("running", lost - 1, 1)
    dead.append(worker_of(fresh_hub, run))
    await _begun(fresh_hub, dead[-1], job)
    await lose_lease(fresh_hub, job.id)
    done = await finished(fresh_hub, worker_of(fresh_hub, run), job.id)
    assert (done.state, done.lost_leases) == ("failed", 3)
    assert done.error == {"code": "worker_lost", "members": {}}
    for worker in dead:
        await worker.drain()
    assert await job_of(fresh_hub, job.id) == done


async def test_j07_progress_between_lost_leases_speaks_for_the_job(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        await work.batch(work.unit_of_work(), processed=1)
        if work.job.processed < 6:
            await work.pause(3_600)

    job = await put(fresh_hub)
    dead = []
    for number in range(1, 6):
        dead.append(worker_of(fresh_hub, run))

        async def is_at(number: int = number) -> bool:
            return (await job_of(fresh_hub, job.id)).processed == number

        await work_until(dead[-1], is_at)
        await lose_lease(fresh_hub, job.id)
    done = await finished(fresh_hub, worker_of(fresh_hub, run), job.id)
    assert (done.state, done.processed, done.attempt) == ("succeeded", 6, 1)
    for worker in dead:
        await worker.drain()


async def test_j03_two_workers_run_each_job_once(fresh_hub: HubUnderTest) -> None:
    runs: Counter[int] = Counter()

    async def run(work: JobWork) -> None:
        runs[work.args["n"]] += 1
        await asyncio.sleep(0.001)
        await work.batch(work.unit_of_work(), processed=1)

    for number in range(60):
        await put(fresh_hub, args={"n": number})
    # Embedded, one process has one worker: there the two take turns at the one writer.
    workers = [worker_of(fresh_hub, run, places={Queue.DEFAULT: 4}) for _ in range(2)]

    async def is_done() -> bool:
        rows = await fresh_hub.rows("SELECT count(*) FROM jobs WHERE state = 'succeeded'")
        return bool(rows[0][0] == 60)

    await asyncio.gather(*(work_until(worker, is_done, 30) for worker in workers))
    assert set(runs.values()) == {1}
    assert len(runs) == 60
    assert {row[0] for row in await fresh_hub.rows("SELECT processed FROM jobs")} == {1}


@POSTGRESQL
async def test_j04_a_busy_event_loop_keeps_its_leases(fresh_hub: HubUnderTest) -> None:
    thread = lease_thread(fresh_hub, seconds=1.0, every=0.2)

    async def run(work: JobWork) -> None:
        await asyncio.sleep(0.05)
        time.sleep(2.5)  # the very thing
        await work.batch(work.unit_of_work(), processed=1)

    stop = asyncio.Event()
    worker = worker_of(fresh_hub, run, leases=thread)
    job = await put(fresh_hub)
    running = asyncio.create_task(worker.run(stop))
    try:
        async with asyncio.timeout(15):
            while (await job_of(fresh_hub, job.id)).finished_at is None:
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await running
    row = await job_of(fresh_hub, job.id)
    assert (row.state, row.processed, row.lost_leases) == ("succeeded", 1, 0)


@POSTGRESQL
async def test_j04_the_thread_renews_and_lets_go(fresh_hub: HubUnderTest) -> None:

    async def run(work: JobWork) -> None:
        await work.pause(3_600)

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    await _begun(fresh_hub, worker, job)
    row = await job_of(fresh_hub, job.id)
    assert row.lease_token is not None
    before = row.lease_until
    thread = lease_thread(fresh_hub, seconds=120, every=0.05)
    thread.hold(job.id, row.lease_token)
    thread.start()
    try:
        async with asyncio.timeout(10):
            while (await job_of(fresh_hub, job.id)).lease_until == before:
                await asyncio.sleep(0.05)
        thread.drop(job.id)
        await asyncio.sleep(0.2)
        await lose_lease(fresh_hub, job.id)
        lost = (await job_of(fresh_hub, job.id)).lease_until
        await asyncio.sleep(0.2)
        assert (await job_of(fresh_hub, job.id)).lease_until == lost
    finally:
        thread.stop()
    await worker.drain()


@POSTGRESQL
async def test_j04_a_worker_frozen_inside_a_transaction_loses_its_session_within_a_lease(
    fresh_hub: HubUnderTest,
) -> None:
    database = fresh_hub.app.database
    assert isinstance(database, PostgresDatabase)
    told = await database.fetch("SELECT setting::int FROM pg_settings WHERE name = $1", [_IDLE])
    assert 0 < told[0][0] <= LEASE.total_seconds() * 1000
    patient = PostgresDatabase(
        fresh_hub.settings.database_url, pool_min=0, pool_max=1, statement_timeout_ms=600_000, lock_timeout_ms=3_000
    )
    await patient.open()
    told = await patient.fetch("SELECT setting::int FROM pg_settings WHERE name = $1", [_IDLE])
    await patient.close()
    assert 0 < told[0][0] <= LEASE.total_seconds() * 1000


_IDLE = "idle_in_transaction_session_timeout"


async def test_r01_a_worker_that_stops_ends_its_batch_and_gives_the_job_back_uncounted(
    fresh_hub: HubUnderTest,
) -> None:
    async def run(work: JobWork) -> None:
        while work.job.processed < 1_000:
            await work.batch(work.unit_of_work(), processed=1, cursor=work.job.processed + 1)
            await work.pause(0.01)

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(10):
        while (await job_of(fresh_hub, job.id)).processed < 3:
            await asyncio.sleep(0.01)
    stop.set()
    async with asyncio.timeout(10):
        await running
    row = await job_of(fresh_hub, job.id)
    assert (row.state, row.attempt, row.lost_leases, row.lease_token) == ("retryable", 0, 0, None)
    assert row.processed == row.cursor >= 3
    other = worker_of(fresh_hub, run)
    await _begun(fresh_hub, other, job)
    assert (await job_of(fresh_hub, job.id)).attempt == 1
    await other.drain()


@SQLITE
async def test_r04_a_start_of_the_embedded_hub_takes_up_what_a_dead_process_left(fresh_hub: HubUnderTest) -> None:
    hangs = True

    async def run(work: JobWork) -> None:
        if hangs:
            await work.pause(3_600)

    dead = worker_of(fresh_hub, run)
    job, canceling = await put(fresh_hub), await put(fresh_hub)
    await work_until(dead, lambda: _in_hand(dead, 2))
    await execute(fresh_hub, "UPDATE jobs SET state = 'canceling' WHERE id = ?", canceling.id)
    hangs = False
    stop = asyncio.Event()
    running = asyncio.create_task(worker_of(fresh_hub, run).run(stop))
    async with asyncio.timeout(5):
        while (await job_of(fresh_hub, job.id)).state != "succeeded":
            await asyncio.sleep(0.01)
    stop.set()
    await running
    row = await job_of(fresh_hub, job.id)
    assert (row.attempt, row.lost_leases) == (1, 1)
    assert (await job_of(fresh_hub, canceling.id)).state == "canceled"
    await dead.drain()
    assert await job_of(fresh_hub, job.id) == row


async def _in_hand(worker: Any, count: int) -> bool:
    return bool(worker.in_hand == count)


async def _cancel(hub: HubUnderTest, job: JobRow) -> None:
    await execute(hub, "UPDATE jobs SET state = 'canceling' WHERE id = ? AND state = 'running'", job.id)


async def test_j06_cancel_keeps_committed_batches_and_ends_the_run_at_its_next_question(
    fresh_hub: HubUnderTest,
) -> None:
    async def run(work: JobWork) -> None:
        await work.batch(work.unit_of_work(), processed=7, succeeded=7)
        while True:
            await work.pause(0.01)

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    await _begun(fresh_hub, worker, job, processed=7)
    await _cancel(fresh_hub, job)
    done = await finished(fresh_hub, worker, job.id)
    assert (done.state, done.processed, done.error) == ("canceled", 7, None)


async def test_j06_a_batch_after_the_cancel_writes_nothing(fresh_hub: HubUnderTest) -> None:
    go_on = asyncio.Event()

    async def run(work: JobWork) -> None:
        await work.batch(work.unit_of_work(), processed=1)
        await go_on.wait()
        uow = work.unit_of_work()
        uow.audit(Note("audit.sink_refilled", "job", work.job.id))
        await work.batch(uow, processed=1)

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    await _begun(fresh_hub, worker, job, processed=1)
    await _cancel(fresh_hub, job)
    go_on.set()
    await worker.settled()
    row = await job_of(fresh_hub, job.id)
    assert (row.state, row.processed) == ("canceled", 1)
    assert await fresh_hub.rows("SELECT 1 FROM audit_entries WHERE action = 'audit.sink_refilled'") == []


@pytest.mark.parametrize("ends", ["well", "badly"])
async def test_j01_a_job_that_ends_while_it_is_canceled_is_canceled(fresh_hub: HubUnderTest, ends: str) -> None:
    go_on = asyncio.Event()

    async def run(_: JobWork) -> None:
        await go_on.wait()
        if ends == "badly":
            raise RuntimeError

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    await _begun(fresh_hub, worker, job)
    await _cancel(fresh_hub, job)
    go_on.set()
    await worker.settled()
    assert (await job_of(fresh_hub, job.id)).state == "canceled"


async def test_j06_a_run_that_never_asks_is_cut_off(fresh_hub: HubUnderTest) -> None:
    async def run(_: JobWork) -> None:
        await asyncio.Event().wait()

    worker = worker_of(fresh_hub, Kind(run))
    job = await put(fresh_hub)
    await _begun(fresh_hub, worker, job)
    await _cancel(fresh_hub, job)
    await worker.tick()
    assert (await job_of(fresh_hub, job.id)).state == "canceling"
    fresh_hub.clock.advance(3.5)
    assert (await finished(fresh_hub, worker, job.id)).state == "canceled"
