"""Making the tokens of all customers anew: for rules that have changed, and to find out that nothing is amiss."""

from __future__ import annotations

from collections import defaultdict
from typing import Final
from uuid import UUID

from custhub.features.customers.errors import SearchRebuildRunning
from custhub.features.customers.queries.naming import NamingBatch, naming_batch
from custhub.features.customers.repository import change_tokens
from custhub.features.customers.rules import tokens_of
from custhub.jobs.models import UNIQUE_JOB, JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.db import EngineName
from custhub.kit.errors import HubError
from custhub.kit.uow import Note, UnitOfWork

KIND: Final = "search_rebuild"
#: Customers of one transaction: on SQLite nobody else writes meanwhile.
_ROWS: Final[dict[EngineName, int]] = {"sqlite": 100, "postgresql": 500}
_PAUSE_SECONDS: Final = 0.01


def start_rebuild(uow: UnitOfWork) -> JobRow:
    """Queue the job. SearchRebuildRunning shows at commit."""

    async def running() -> HubError:
        return SearchRebuildRunning()

    job = enqueue(uow, KIND, {}, queue=Queue.MAINTENANCE, unique_key=KIND)
    uow.on_violation(UNIQUE_JOB, running)
    uow.audit(Note("search.rebuilt", "job", job.id))
    return job


async def rebuild(work: JobWork) -> None:
    """Store what differs, customer by customer; `succeeded` are those whose tokens were right, `skipped` is none."""
    while True:
        await work.check()
        uow = work.unit_of_work()
        # Reads go through the transaction that writes: nobody changes these customers in between.
        uow.locking = True
        try:
            after = UUID(hex=work.cursor) if work.cursor else UUID(int=0)
            batch = await naming_batch(uow, after, _ROWS[uow.name])
            if not batch.rows:
                await uow.rollback()
                return
            _mend(uow, batch)
            count = len(batch.rows)
            await work.batch(uow, cursor=batch.rows[-1].id.hex, processed=count, succeeded=count)
        except BaseException:
            await uow.rollback()
            raise
        await work.pause(_PAUSE_SECONDS)


def _mend(uow: UnitOfWork, batch: NamingBatch) -> None:
    emails, external_ids, tokens = defaultdict(list), defaultdict(list), defaultdict(list)
    for email in batch.emails:
        emails[email.customer_id].append(email)
    for key in batch.external_ids:
        external_ids[key.customer_id].append(key)
    for stored in batch.tokens:
        tokens[stored.customer_id].append(stored.token)
    change_tokens(
        uow,
        ((row.id, tokens[row.id], tokens_of(row, emails[row.id], external_ids[row.id])) for row in batch.rows),
    )
