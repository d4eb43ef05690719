"""Work of matching beside requests."""

from __future__ import annotations

from custhub.features.matching.service.rebuilding import KIND, MatchKeyRebuild
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork


class MatchKeyRebuildJob:
    """The job that makes the match keys of all customers anew."""

    name = KIND
    queue = Queue.MAINTENANCE

    def __init__(self, rebuild: MatchKeyRebuild) -> None:
        self._rebuild = rebuild

    async def run(self, work: JobWork) -> None:
        """Go on where it stopped; every batch is one commit."""
        await self._rebuild.run(work)
