"""What becomes of a job: it runs, fails, waits, is given up (J-1, J-2, J-3, J-7, J-9)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custhub.jobs.models import UNIQUE_JOB
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.jobs.store import JOB
from custhub.jobs.work import JobWork
from custhub.kit.db import Violation
from custhub.kit.revisions import StaleRevision
from custhub.kit.uow import SYSTEM, Note
from tests.features.jobs.working import Kind, finished, job_of, make_due, put, work_until, worker_of
from tests.hub import HubUnderTest


async def _nothing(_: JobWork) -> None:
    return None


async def test_j02_a_job_exists_when_its_unit_of_work_commits_and_not_before(fresh_hub: HubUnderTest) -> None:
    uow = fresh_hub.app.hub.unit_of_work(SYSTEM, "r1")
    row = enqueue(uow, "test_kind", {"n": 1})
    assert await JOB.first(fresh_hub.app.database, id=row.id) is None
    await uow.rollback()
    await uow.commit()
    assert await JOB.first(fresh_hub.app.database, id=row.id) is None
    uow = fresh_hub.app.hub.unit_of_work(SYSTEM, "r1")
    row = enqueue(uow, "test_kind", {"n": 1})
    await uow.commit()
    assert await job_of(fresh_hub, row.id) == row


async def test_j02_of_the_live_jobs_with_one_unique_key_there_is_one(fresh_hub: HubUnderTest) -> None:
    first = await put(fresh_hub, unique_key="one")
    with pytest.raises(Violation) as refused:
        await put(fresh_hub, unique_key="one")
    assert refused.value.constraint == UNIQUE_JOB
    await put(fresh_hub, unique_key="another")
    worker = worker_of(fresh_hub, _nothing)
    await finished(fresh_hub, worker, first.id)
    await worker.settled()
    await put(fresh_hub, unique_key="one")


async def test_a_queue_that_nobody_works_on_is_refused(fresh_hub: HubUnderTest) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        await put(fresh_hub, queue="nowhere")


async def test_j01_a_job_runs_once_with_its_arguments_and_tells_its_result(fresh_hub: HubUnderTest) -> None:
    seen: list[Any] = []

    async def run(work: JobWork) -> None:
        seen.append((work.args, work.cursor, work.job.state, work.job.attempt))
        uow = work.unit_of_work()
        assert (uow.actor, uow.request_id) == (SYSTEM, "test-request")
        await work.batch(uow, cursor={"at": 5}, processed=5, succeeded=3, failed=1, skipped=1, total=5)
        work.finish({"result_url": "/v1/things/1"})

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub, args={"n": 1})
    done = await finished(fresh_hub, worker, job.id)
    assert seen == [({"n": 1}, None, "running", 1)]
    assert (done.state, done.result, done.error) == ("succeeded", {"result_url": "/v1/things/1"}, None)
    assert (done.total, done.processed, done.succeeded, done.failed, done.skipped) == (5, 5, 3, 1, 1)
    assert (done.cursor, done.lease_token, done.lease_until) == ({"at": 5}, None, None)
    assert done.started_at == done.finished_at == fresh_hub.clock.now()
    # Its end is stored a moment before its task is over.
    await worker.settled()
    await worker.tick()
    assert worker.in_hand == 0


async def test_j02_a_scheduled_job_waits_for_its_time(fresh_hub: HubUnderTest) -> None:
    soon = datetime.now(UTC) if fresh_hub.engine == "postgresql" else fresh_hub.clock.now()
    job = await put(fresh_hub, run_at=soon + timedelta(hours=1))
    worker = worker_of(fresh_hub, _nothing)
    await worker.tick()
    assert (await job_of(fresh_hub, job.id)).state == "scheduled"
    await make_due(fresh_hub, job.id)
    assert (await finished(fresh_hub, worker, job.id)).state == "succeeded"


async def test_j07_a_failure_is_tried_again_later_and_later_until_the_last_attempt(fresh_hub: HubUnderTest) -> None:
    async def run(_: JobWork) -> None:
        raise StaleRevision

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub, max_attempts=3)
    for attempt, pause in ((1, 15), (2, 30)):
        await worker.tick()
        await worker.settled()
        row = await job_of(fresh_hub, job.id)
        assert (row.state, row.attempt, row.error) == (
            "retryable",
            attempt,
            {"code": "precondition_failed", "members": {}},
        )
        now = datetime.now(UTC) if fresh_hub.engine == "postgresql" else fresh_hub.clock.now()
        assert pause * 0.8 - 3 <= (row.run_at - now).total_seconds() <= pause * 1.2
        await worker.tick()
        assert worker.in_hand == 0
        await make_due(fresh_hub, job.id)
    done = await finished(fresh_hub, worker, job.id)
    assert (done.state, done.attempt, done.error["code"]) == ("failed", 3, "precondition_failed")


async def test_j07_a_permanent_failure_is_not_tried_again(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        await work.batch(work.unit_of_work(), processed=2, succeeded=2)
        work.fail_permanently(StaleRevision(members={"why": "so"}))

    done = await finished(fresh_hub, worker_of(fresh_hub, run), (await put(fresh_hub)).id)
    assert (done.state, done.attempt, done.processed) == ("failed", 1, 2)
    assert done.error == {"code": "precondition_failed", "members": {"why": "so"}}


async def test_j07_an_unexpected_error_is_a_failure_too_and_its_text_is_not_kept(fresh_hub: HubUnderTest) -> None:
    async def run(_: JobWork) -> None:
        raise RuntimeError("138 0013 8000")

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    await worker.tick()
    await worker.settled()
    row = await job_of(fresh_hub, job.id)
    assert (row.state, row.error) == ("retryable", {"code": "job_crashed", "members": {}})


async def test_a_batch_and_its_effects_are_one_commit(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        uow = work.unit_of_work()
        uow.audit(Note("audit.sink_refilled", "job", work.job.id))
        await work.batch(uow, processed=1)
        async with work.transaction(processed=1, cursor=[2]) as connection:
            await connection.execute("DELETE FROM idempotency_keys", [])

    done = await finished(fresh_hub, worker_of(fresh_hub, run), (await put(fresh_hub)).id)
    assert (done.state, done.processed, done.cursor) == ("succeeded", 2, [2])
    entries = await fresh_hub.rows("SELECT request_id FROM audit_entries WHERE action = 'audit.sink_refilled'")
    assert [row[0] for row in entries] == ["test-request"]


async def test_progress_never_falls(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        await work.batch(work.unit_of_work(), processed=-1)

    worker = worker_of(fresh_hub, run)
    job = await put(fresh_hub)
    await worker.tick()
    await worker.settled()
    assert (await job_of(fresh_hub, job.id)).error["code"] == "job_crashed"


async def test_j09_queues_have_places_of_their_own_and_smaller_priorities_go_first(fresh_hub: HubUnderTest) -> None:
    begun: list[str] = []
    go_on = asyncio.Event()

    async def run(work: JobWork) -> None:
        begun.append(work.args["name"])
        await go_on.wait()

    worker = worker_of(fresh_hub, run, places={Queue.DEFAULT: 2, Queue.BULK: 1})
    for name, queue, priority in (
        ("b1", "bulk", 0), ("b2", "bulk", 0), ("d1", "default", 0), ("d2", "default", 0), ("d0", "default", -1),
        ("m", "maintenance", 0),
    ):  # fmt: skip
        await put(fresh_hub, args={"name": name}, queue=queue, priority=priority)
    await worker.tick()
    await asyncio.sleep(0.01)
    assert begun == ["d0", "d1", "b1"]
    go_on.set()
    await worker.settled()
    await work_until(worker, lambda: _has(begun, 5))
    assert begun[3:] == ["d2", "b2"]


async def _has(items: list[str], count: int) -> bool:
    return len(items) == count


async def test_jobs_of_a_kind_that_this_worker_does_not_know_wait_for_one_that_does(fresh_hub: HubUnderTest) -> None:
    job = await put(fresh_hub, "of_tomorrow")
    old = worker_of(fresh_hub, _nothing)
    mine = await put(fresh_hub)
    await finished(fresh_hub, old, mine.id)
    assert (await job_of(fresh_hub, job.id)).state == "available"
    assert (await finished(fresh_hub, worker_of(fresh_hub, Kind(_nothing, "of_tomorrow")), job.id)).state == "succeeded"
