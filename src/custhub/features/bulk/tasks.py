"""Work beside requests: doing bulk actions, undoing them, forgetting them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from custhub.features.bulk.repository import forget_before
from custhub.features.bulk.service.running import BulkRun, BulkUndo, opened
from custhub.features.bulk.service.starting import RUN, UNDO
from custhub.features.bulk.service.sweep import Parts
from custhub.features.customers.service.standards import STANDARDS
from custhub.http.hub import Hub
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork

#: How long an action can be undone, and its rows are kept.
KEPT: Final = timedelta(days=90)


class BulkActionJob:
    """The job that does a bulk action."""

    name = RUN
    queue = Queue.DEFAULT

    def __init__(self, hub: Hub) -> None:
        self._parts = Parts(hub.database, hub.keys, hub.settings, hub.parts[STANDARDS])

    async def run(self, work: JobWork) -> None:
        """Go on from the cursor."""
        row = await opened(self._parts, work, work.job.id)
        await BulkRun(self._parts, work, row).run()


class BulkUndoJob:
    """The job that takes a bulk action back."""

    name = UNDO
    queue = Queue.DEFAULT

    def __init__(self, hub: Hub) -> None:
        self._parts = Parts(hub.database, hub.keys, hub.settings, hub.parts[STANDARDS])

    async def run(self, work: JobWork) -> None:
        """Go on from the cursor."""
        row = await opened(self._parts, work, UUID(work.args["bulk_action_id"]))
        await BulkUndo(self._parts, work, row).run()


async def forget_bulk_actions(hub: Hub) -> None:
    """Forget what nobody can undo any more."""
    await forget_before(hub.database, hub.clock.now() - KEPT)
