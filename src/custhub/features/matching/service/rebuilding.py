"""Making all match keys anew: of customers from before, under other sources or keys, to find that nothing is amiss."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from custhub.crypto.cipher import FieldCipher
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.sources import IdentitySources
from custhub.features.matching.queries import customers_after, keys_of
from custhub.features.matching.repository import change_keys
from custhub.features.matching.service.reading import data_key
from custhub.features.matching.service.rekeying import match_keys_of
from custhub.jobs.models import JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.db import EngineName
from custhub.kit.uow import Note, UnitOfWork

KIND: Final = "match_key_rebuild"
#: Customers of one transaction: on SQLite nobody else writes meanwhile.
_ROWS: Final[dict[EngineName, int]] = {"sqlite": 50, "postgresql": 200}
_PAUSE_SECONDS: Final = 0.01


def queue_rebuild(uow: UnitOfWork, at: datetime | None = None) -> JobRow:
    """Queue the job, to begin at `at`. Two of them do no harm: the later one finds less to do."""
    return enqueue(uow, KIND, {}, queue=Queue.MAINTENANCE, run_at=at)


def start_rebuild(uow: UnitOfWork) -> JobRow:
    """Queue the job for an operator."""
    job = queue_rebuild(uow)
    uow.audit(Note("match_keys.rebuilt", "job", job.id))
    return job


class MatchKeyRebuild:
    """Stores what differs from the keys that content gives, customer by customer."""

    def __init__(self, keys: LiveKeys, personal: IdentitySources) -> None:
        self._keys = keys
        self._personal = personal

    async def run(self, work: JobWork) -> None:
        """All customers, as a job; `succeeded` are those that were looked at, `skipped` is none."""
        while True:
            await work.check()
            uow = work.unit_of_work()
            try:
                after = UUID(hex=work.cursor) if work.cursor else None
                last, count = await self.refill(uow, after, _ROWS[uow.name])
                if last is None:
                    await uow.rollback()
                    return
                await work.batch(uow, cursor=last.hex, processed=count, succeeded=count)
            except BaseException:
                await uow.rollback()
                raise
            await work.pause(_PAUSE_SECONDS)

    async def refill(self, uow: UnitOfWork, after: UUID | None, limit: int) -> tuple[UUID | None, int]:
        """The next customers, in this unit of work, which opens its transaction; the last of them and how many."""
        # Reads go through the transaction that writes: nobody changes these customers in between.
        uow.locking = True
        records = await customers_after(uow, after, limit)
        if not records:
            return None, 0
        stored = await keys_of(uow, [record.row.id for record in records])
        # A cipher of its own: a walk through all data keys would push those that requests need out of the cache.
        cipher = FieldCipher(self._keys.keyring, cache_size=1)
        personal: Collection[str] = self._personal.value
        change_keys(
            uow,
            [
                (
                    record.row.id,
                    stored.get(record.row.id, ()),
                    match_keys_of(self._keys, personal, record, data_key(cipher, record)),
                )
                for record in records
            ],
        )
        return records[-1].row.id, len(records)
