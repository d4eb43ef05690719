"""Work of customers beside requests."""

from __future__ import annotations

from custhub.features.customers.service.search_rebuild import KIND, rebuild
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork


class SearchRebuild:
    """The job that makes the tokens of all customers anew."""

    name = KIND
    queue = Queue.MAINTENANCE

    async def run(self, work: JobWork) -> None:
        """Go on where it stopped; every batch is one commit."""
        await rebuild(work)
