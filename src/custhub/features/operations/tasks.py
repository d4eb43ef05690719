"""Jobs of the hub itself."""

from __future__ import annotations

from custhub.jobs.schedules import Schedule
from custhub.jobs.states import Queue
from custhub.jobs.upkeep import purge_jobs
from custhub.jobs.work import JobWork
from custhub.kit.clock import Clock
from custhub.kit.db import Database


class JobRetention:
    """Deletes jobs that have had their time (J-10)."""

    name = "job_retention"
    queue = Queue.MAINTENANCE

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self, work: JobWork) -> None:
        """Delete them, a few at a time."""
        purged = await purge_jobs(self._database, self._clock)
        await work.batch(work.unit_of_work(), processed=purged, succeeded=purged, total=purged)


#: Once a day, at night where most of our customers live.
SCHEDULES = (Schedule("job_retention", JobRetention.name, "20 3 * * *", "Asia/Shanghai", Queue.MAINTENANCE.value),)
