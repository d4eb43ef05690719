"""Fires of schedules, and what is kept of jobs (J-8, J-10, R-9)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from custhub.features.operations.tasks import SCHEDULES, JobRetention
from custhub.jobs.schedules import Schedule, Scheduler
from custhub.jobs.upkeep import measure_jobs, purge_jobs
from custhub.jobs.work import JobWork
from custhub.kit.db import micros
from tests.features.jobs.working import Kind, execute, finished, put, worker_of
from tests.hub import HubUnderTest

_EVERY_MINUTE = Schedule("often", "often_kind", "* * * * *", "Asia/Shanghai", args={"n": 1})


def scheduler_of(hub: HubUnderTest, *schedules: Schedule) -> Scheduler:
    return Scheduler(hub.app.database, hub.app.clock, hub.app.hub.unit_of_work, schedules)


async def _age(hub: HubUnderTest, hours: int) -> None:
    """The schedules fired so long ago: the database's clock is nobody's to move."""
    if hub.engine == "sqlite":
        hub.clock.advance(hours * 3_600)
        return
    for change in (
        "UPDATE job_schedules SET created_at = created_at - ?::interval",
        "UPDATE job_schedules SET last_fire_at = last_fire_at - ?::interval",
        "UPDATE job_fires SET fire_time = fire_time - ?::interval",
    ):
        await execute(hub, change, timedelta(hours=hours))


async def _jobs(hub: HubUnderTest) -> list[Any]:
    return [tuple(row) for row in await hub.rows("SELECT kind, queue, actor_kind FROM jobs ORDER BY id")]


async def test_j08_a_schedule_fires_once_however_many_workers_look(fresh_hub: HubUnderTest) -> None:
    schedulers = [scheduler_of(fresh_hub, _EVERY_MINUTE) for _ in range(3)]
    for scheduler in schedulers:
        assert await scheduler.look() == 0
    for _ in range(3):
        await _age(fresh_hub, 2)
        # The minutes missed in two hours become one job.
        fired = await asyncio.gather(*(scheduler.look() for scheduler in schedulers))
        assert sum(fired) == 1
    assert await _jobs(fresh_hub) == [("often_kind", "default", "system")] * 3
    fires = await fresh_hub.rows("SELECT count(*), count(DISTINCT job_id) FROM job_fires")
    assert tuple(fires[0]) == (3, 3)


async def test_a_changed_line_takes_effect_and_keeps_the_last_fire(fresh_hub: HubUnderTest) -> None:
    await scheduler_of(fresh_hub, _EVERY_MINUTE).look()
    await _age(fresh_hub, 1)
    assert await scheduler_of(fresh_hub, _EVERY_MINUTE).look() == 1
    rare = Schedule("often", "rare_kind", "0 0 1 1 *", "Asia/Shanghai")
    assert await scheduler_of(fresh_hub, rare).look() == 0
    rows = await fresh_hub.rows("SELECT kind, cron, last_fire_at IS NOT NULL FROM job_schedules")
    assert [tuple(row) for row in rows] == [("rare_kind", "0 0 1 1 *", True)]


async def test_a_schedule_that_is_switched_off_does_not_fire(fresh_hub: HubUnderTest) -> None:
    scheduler = scheduler_of(fresh_hub, _EVERY_MINUTE)
    await scheduler.look()
    await execute(fresh_hub, "UPDATE job_schedules SET enabled = false")
    await _age(fresh_hub, 1)
    assert await scheduler.look() == 0


async def test_j10_finished_jobs_are_kept_14_days_and_failed_ones_90(fresh_hub: HubUnderTest) -> None:
    async def run(work: JobWork) -> None:
        if work.args.get("fails"):
            raise RuntimeError

    worker = worker_of(fresh_hub, run, Kind(JobRetention(fresh_hub.app.database, fresh_hub.clock).run, "job_retention"))
    for fails in (False, True):
        job = await put(fresh_hub, args={"fails": fails}, max_attempts=1)
        await finished(fresh_hub, worker, job.id)
    waiting = await put(fresh_hub, "of_tomorrow")

    async def states() -> set[str]:
        return {row[0] for row in await fresh_hub.rows("SELECT state FROM jobs WHERE kind <> 'job_retention'")}

    fresh_hub.clock.advance(13.9 * 86_400)
    assert await purge_jobs(fresh_hub.app.database, fresh_hub.clock) == 0
    fresh_hub.clock.advance(0.2 * 86_400)
    done = await finished(fresh_hub, worker, (await put(fresh_hub, "job_retention")).id)
    assert (done.state, done.processed) == ("succeeded", 1)
    assert await states() == {"failed", "available"}
    fresh_hub.clock.advance(80 * 86_400)
    await purge_jobs(fresh_hub.app.database, fresh_hub.clock)
    assert await states() == {"available"}
    assert waiting.kind == "of_tomorrow"
    assert {schedule.kind for schedule in SCHEDULES} <= {kind.name for kind in fresh_hub.app._job_kinds()}


async def test_r09_jobs_are_counted_by_queue_and_state(fresh_hub: HubUnderTest) -> None:
    await put(fresh_hub)
    old = await put(fresh_hub, queue="bulk")
    past = "clock_timestamp() - interval '100 seconds'" if fresh_hub.engine == "postgresql" else "?"
    values = [] if fresh_hub.engine == "postgresql" else [micros(fresh_hub.clock.now()) - 100_000_000]
    await execute(fresh_hub, f"UPDATE jobs SET run_at = {past}", *values)  # noqa: S608  # no input
    counts: dict[tuple[str, str], int] = {}
    ages: list[float] = []

    def count(queue: str, state: str, number: int) -> None:
        counts[queue, state] = number

    await measure_jobs(fresh_hub.app.database, fresh_hub.clock, count, ages.append)
    assert (counts["default", "available"], counts["bulk", "available"], counts["bulk", "failed"]) == (1, 1, 0)
    assert 99 <= ages[0] <= 110
    await fresh_hub.app.upkeep.measure()
    text = (await fresh_hub.client(["ops:read"]).get("/metrics")).text
    assert 'jobs{queue="bulk",state="available"} 1.0' in text
    assert "job_lease_lost_total 0.0" in text
    assert "job_oldest_available_seconds" in text
    assert old.queue == "bulk"
