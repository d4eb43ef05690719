"""Work of quality beside requests: scans, and forgetting what had its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from custhub.features.customers.service.standards import STANDARDS
from custhub.features.quality.repository import OLD_FIGURES, OLD_FINDINGS, OLD_SCANS
from custhub.features.quality.service.scanning import KIND, Parts, scan_run
from custhub.http.hub import Hub
from custhub.jobs.schedules import Schedule
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork

#: How long a fix can be undone, and a closed finding or a scan is shown.
KEPT: Final = timedelta(days=365)
FIGURES_KEPT: Final = timedelta(days=5 * 365)
#: Once a day, at night where most of our customers live, after what is purged.
SCHEDULES: Final = (Schedule(KIND, KIND, "40 3 * * *", "Asia/Shanghai", Queue.MAINTENANCE.value),)


class QualityScan:
    """The job that looks at every customer."""

    name = KIND
    queue = Queue.MAINTENANCE

    def __init__(self, hub: Hub) -> None:
        self._parts = Parts(hub.database, hub.keys, hub.settings, hub.parts[STANDARDS])

    async def run(self, work: JobWork) -> None:
        """Go on from the cursor."""
        run = await scan_run(self._parts, work)
        if run is not None:
            await run.run()


async def forget_quality(hub: Hub) -> None:
    """Forget closed findings, scans and figures that had their time."""
    database, now = hub.database, hub.clock.now()
    await OLD_FINDINGS.run(database, now - KEPT)
    await OLD_SCANS.run(database, now - KEPT)
    await OLD_FIGURES.run(database, now - FIGURES_KEPT)
