"""The worker of a process, as its settings want it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from custhub.jobs.kinds import JobKind
from custhub.jobs.leases import Leases, LeaseThread, NoLeases
from custhub.jobs.runner import JobRunner
from custhub.jobs.states import Queue
from custhub.jobs.work import OpenUnitOfWork
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.settings import Settings


def runner_of(
    settings: Settings,
    database: Database,
    clock: Clock,
    open_work: OpenUnitOfWork,
    kinds: Sequence[JobKind],
    lost: Callable[[int], None],
) -> JobRunner:
    """A worker with the places of `settings`; `lost` is told how many leases ran out."""
    places = {
        Queue.DEFAULT: settings.jobs_default,
        Queue.BULK: settings.jobs_bulk,
        Queue.DELIVERY: settings.jobs_delivery,
        Queue.MESSAGE: settings.jobs_message,
        Queue.MAINTENANCE: settings.jobs_maintenance,
    }
    leases: Leases = LeaseThread(settings.database_url) if settings.engine == "postgresql" else NoLeases()
    return JobRunner(database, clock, open_work, kinds, places, leases, lost=lost)
