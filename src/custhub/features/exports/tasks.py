"""Work beside requests: writing exports, forgetting them."""

from __future__ import annotations

from datetime import timedelta

from custhub.crypto.files import StoredFiles
from custhub.features.exports.repository import KEPT, OLD_EXPORTS, OLD_PARTS, WRITTEN_WITHIN
from custhub.features.exports.service.starting import KIND
from custhub.features.exports.service.writing import ExportRun, Parts, opened
from custhub.features.fields.service.catalogue import CATALOGUE
from custhub.http.hub import Hub
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.opening import place_of


class ExportJob:
    """The job that writes an export."""

    name = KIND
    queue = Queue.BULK

    def __init__(self, hub: Hub) -> None:
        files = StoredFiles(hub.database, hub.keys, hub.clock)
        lifetime = timedelta(hours=hub.settings.export_hours)
        place = place_of(hub.settings)
        self._parts = Parts(hub.database, place, hub.keys, hub.clock, files, hub.parts[CATALOGUE], lifetime)

    async def run(self, work: JobWork) -> None:
        """Write the file, unless a run before this one has."""
        row = await opened(self._parts, work)
        if row.finished_at is None:
            await ExportRun(self._parts, work, row).run()


async def forget_exports(hub: Hub) -> None:
    """Forget who was in files that are gone, and later that they were."""
    now = hub.clock.now()
    await OLD_PARTS.run(hub.database, now - timedelta(hours=hub.settings.export_hours) - WRITTEN_WITHIN)
    await OLD_EXPORTS.run(hub.database, now - KEPT)
