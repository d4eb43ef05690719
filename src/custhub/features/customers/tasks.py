"""Work of customers beside requests."""

from __future__ import annotations

from custhub.features.customers.service.contact_points import KIND as MARKING
from custhub.features.customers.service.contact_points import CustomerContactPoints
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


class ContactPointMarking:
    """The job that lets numbers and addresses of many customers follow the suppression list."""

    name = MARKING
    queue = Queue.MAINTENANCE

    def __init__(self, points: CustomerContactPoints) -> None:
        self._points = points

    async def run(self, work: JobWork) -> None:
        """Mark those that are left; every batch is one commit."""
        await self._points.go_on(work)
