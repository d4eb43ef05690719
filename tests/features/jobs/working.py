"""Jobs in tests: kinds made of a function, workers that the test drives, times that it shifts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from custhub.jobs.leases import Leases, LeaseThread, NoLeases
from custhub.jobs.models import JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.runner import JobRunner
from custhub.jobs.states import Queue
from custhub.jobs.store import JOB
from custhub.jobs.work import JobWork
from custhub.kit.db import micros
from custhub.kit.uow import SYSTEM, Actor
from tests.hub import HubUnderTest

Run = Callable[[JobWork], Awaitable[None]]


class Kind:
    """A kind that does what a function does."""

    queue = Queue.DEFAULT

    def __init__(self, run: Run, name: str = "test_kind") -> None:
        self.name = name
        self._run = run

    async def run(self, work: JobWork) -> None:
        await self._run(work)


class FixedLeases(NoLeases):
    """Leases that nobody renews: their worker is dead, or stands still."""

    lease = timedelta(seconds=30)


def worker_of(
    hub: HubUnderTest, *kinds: Kind | Run, leases: Leases | None = None, places: Mapping[Queue, int] | None = None
) -> JobRunner:
    """A worker of its own, as another process has one."""
    if leases is None:
        leases = FixedLeases() if hub.engine == "postgresql" else NoLeases()
    made = [kind if isinstance(kind, Kind) else Kind(kind) for kind in kinds]
    parts = hub.app.hub
    return JobRunner(
        parts.database,
        parts.clock,
        parts.unit_of_work,
        made,
        places or dict.fromkeys(Queue, 2),
        leases,
        poll_seconds=0.02,
    )


def lease_thread(hub: HubUnderTest, seconds: float, every: float) -> LeaseThread:
    return LeaseThread(hub.settings.database_url, lease=timedelta(seconds=seconds), every=every)


async def put(hub: HubUnderTest, kind: str = "test_kind", *, actor: Actor = SYSTEM, **options: Any) -> JobRow:
    """A committed job."""
    uow = hub.app.hub.unit_of_work(actor, "test-request")
    args = options.pop("args", {})
    row = enqueue(uow, kind, args, **options)
    await uow.commit()
    return row


async def job_of(hub: HubUnderTest, job_id: UUID) -> JobRow:
    row = await JOB.first(hub.app.database, id=job_id)
    assert row is not None
    return row


async def execute(hub: HubUnderTest, sql: str, *values: Any) -> int:
    """A statement with `?` marks, behind the hub's back."""
    for number, _ in enumerate(values, 1):
        if hub.engine == "postgresql":
            sql = sql.replace("?", f"${number}", 1)
    if hub.engine == "sqlite":
        values = tuple(value.bytes if isinstance(value, UUID) else value for value in values)
    async with hub.app.database.transaction() as connection:
        return int(await connection.execute(sql, list(values)))


async def make_due(hub: HubUnderTest, job_id: UUID) -> None:
    """Its time has come: moved in the row, since the database's clock is nobody's to move."""
    if hub.engine == "postgresql":
        await execute(hub, "UPDATE jobs SET run_at = clock_timestamp() WHERE id = ?", job_id)
    else:
        await execute(hub, "UPDATE jobs SET run_at = ? WHERE id = ?", micros(hub.clock.now()), job_id)


async def lose_lease(hub: HubUnderTest, job_id: UUID) -> None:
    """Its worker was not heard of for longer than a lease."""
    if hub.engine == "postgresql":
        await execute(hub, "UPDATE jobs SET lease_until = clock_timestamp() - interval '1 second' WHERE id = ?", job_id)
    else:
        await execute(hub, "UPDATE jobs SET lease_until = ? WHERE id = ?", micros(hub.clock.now()) - 1, job_id)


async def work_until(worker: JobRunner, is_done: Callable[[], Awaitable[bool]], seconds: float = 60.0) -> None:
    """Tick until it is so."""
    async with asyncio.timeout(seconds):
        while not await is_done():
            await worker.tick()
            await asyncio.sleep(0.01)


async def finished(hub: HubUnderTest, worker: JobRunner, job_id: UUID) -> JobRow:
    """The row once the job has ended."""

    async def is_done() -> bool:
        return (await job_of(hub, job_id)).finished_at is not None

    await work_until(worker, is_done)
    return await job_of(hub, job_id)
