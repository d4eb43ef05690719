"""What is kept of jobs, and how they are counted (J-10, R-9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from sqlalchemy import literal_column

from custhub.jobs.models import job_fires, jobs
from custhub.jobs.states import LIVE, JobState, Queue
from custhub.jobs.store import COUNTS, OLDEST
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.db_clock import database_now
from custhub.kit.purge import Purge

KEPT: Final = timedelta(days=14)
FAILED_KEPT: Final = timedelta(days=90)
_HAS_FAILED: Final = jobs.c.state == literal_column(f"'{JobState.FAILED}'")
_DONE: Final = Purge(jobs, jobs.c.finished_at, ~_HAS_FAILED)
_FAILED: Final = Purge(jobs, jobs.c.finished_at, _HAS_FAILED)
# The schedule itself knows its last fire: these only settle races between workers.
_FIRES: Final = Purge(job_fires, job_fires.c.fire_time)
_COUNTED: Final = (*LIVE, JobState.FAILED)


async def purge_jobs(database: Database, clock: Clock) -> int:
    """Delete jobs that have had their time: those that failed after 90 days, others after 14. How many."""
    now = clock.now()
    done = await _DONE.run(database, now - KEPT) + await _FAILED.run(database, now - FAILED_KEPT)
    await _FIRES.run(database, now - FAILED_KEPT)
    return done


async def measure_jobs(
    database: Database, clock: Clock, count: Callable[[str, str, int], None], oldest: Callable[[float], None]
) -> None:
    """Tell the number of jobs by queue and state, and how many seconds the oldest has waited for a worker."""
    found = {(queue, state): number for queue, state, number in await COUNTS.all(database)}
    for queue in Queue:
        for state in _COUNTED:
            count(queue.value, state.value, found.get((queue.value, state.value), 0))
    since = await OLDEST.first(database)
    waiting = None if since is None else since[0]
    oldest(0.0 if waiting is None else max(0.0, (await database_now(database, clock) - waiting).total_seconds()))
