"""Work of duplicates beside requests: scans, bulk merges and their undo, and forgetting what had its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from custhub.features.customers.service.standards import STANDARDS
from custhub.features.duplicates.repository import OLD_PAIRS, OLD_SCANS, REOPEN, forget_plans
from custhub.features.duplicates.service.automatic import merge_what_is_sure
from custhub.features.duplicates.service.gathering import Parts
from custhub.features.duplicates.service.joining import BulkMergeRun, MergeParts, opened
from custhub.features.duplicates.service.planning import RUN, UNDO
from custhub.features.duplicates.service.scanning import KIND, scan_run
from custhub.features.duplicates.service.separating import BulkMergeUndo
from custhub.features.merges.service.merging import LINKS
from custhub.http.hub import Hub
from custhub.jobs.schedules import Schedule
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork

#: How long a scan is shown, and a bulk merge can be undone as a whole.
KEPT: Final = timedelta(days=365)
#: Once a day, where the settings say so, at night where most of our customers live, after the scan of quality.
SCHEDULES: Final = (Schedule(KIND, KIND, "20 4 * * *", "Asia/Shanghai", Queue.MAINTENANCE.value),)


class DuplicateScan:
    """The job that compares every customer with every other."""

    name = KIND
    queue = Queue.MAINTENANCE

    def __init__(self, hub: Hub) -> None:
        self._parts = Parts(hub.database, hub.keys)

    async def run(self, work: JobWork) -> None:
        """Go on from the cursor; then join what it is sure of, where the settings say so."""
        run = await scan_run(self._parts, work)
        if run is not None:
            await run.run()
            await merge_what_is_sure(self._parts.database, work)


class BulkMergeJob:
    """The job that joins many groups."""

    name = RUN
    queue = Queue.MAINTENANCE

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def run(self, work: JobWork) -> None:
        """Go on with the first group that nothing became of."""
        row = await opened(self._hub.database, work, work.job.id)
        await BulkMergeRun(merge_parts(self._hub), work, row).run()


class BulkMergeUndoJob:
    """The job that takes a bulk merge back."""

    name = UNDO
    queue = Queue.MAINTENANCE

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def run(self, work: JobWork) -> None:
        """Go on with the last merge that stands."""
        row = await opened(self._hub.database, work, UUID(work.args["bulk_merge_id"]))
        await BulkMergeUndo(merge_parts(self._hub), work, row).run()


def merge_parts(hub: Hub) -> MergeParts:
    """What bulk merges of this hub work with."""
    return MergeParts(hub.database, hub.keys, hub.settings, hub.parts[STANDARDS], hub.parts[LINKS])


async def look_after_duplicates(hub: Hub) -> None:
    """Bring back pairs whose day has come; forget scans, plans and retired pairs that had their time."""
    database, now = hub.database, hub.clock.now()
    async with database.transaction() as connection:
        await REOPEN.run(database, connection, today=now.date(), now=now)
    await OLD_SCANS.run(database, now - KEPT)
    await OLD_PAIRS.run(database, now - KEPT)
    await forget_plans(database, now - KEPT)
