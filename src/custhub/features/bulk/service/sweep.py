"""Many customers, some at a time, each changed or left alone on its own; what was done is committed with the job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.bulk.service.steps import BulkContext
from custhub.features.customers.errors import CustomerArchived, CustomerErased, CustomerNotFound
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.service.standards import Standards
from custhub.jobs.work import JobWork
from custhub.kit.db import Database, DatabaseUnavailable, DiskFull, EngineName
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork
from custhub.security.principal import Principal
from custhub.settings import Settings

#: Customers of one transaction. SQLite's is short: nobody else writes meanwhile (R-4).
AT_ONCE: Final[dict[EngineName, int]] = {"sqlite": 20, "postgresql": 200}
#: What is nobody's refusal of one customer.
_OURS: Final = (DatabaseUnavailable, DiskFull)


class Parts(NamedTuple):
    """What the jobs of bulk actions work with."""

    database: Database
    keys: LiveKeys
    settings: Settings
    standards: Standards


#: Changes one customer in the context and notes what it did; raises what refuses it.
Change = Callable[[BulkContext, CustomerRecord], Awaitable[None]]
#: Notes that a customer was refused.
Refuse = Callable[[UnitOfWork, UUID, str], None]
#: Commits what was done, with the progress.
Commit = Callable[[UnitOfWork], Awaitable[None]]
#: Forgets what was noted of a transaction that is not there any more.
Forget = Callable[[], None]


class _Broken(Exception):
    """A constraint refused one of several: the transaction is gone."""

    def __init__(self, error: HubError) -> None:
        super().__init__(error.code)
        self.error = error


class Sweep:
    """One transaction after the other."""

    def __init__(self, parts: Parts, work: JobWork, who: Principal, *, is_dry: bool) -> None:
        self._parts = parts
        self._work = work
        self._who = who
        self._is_dry = is_dry

    async def over(
        self, ids: Sequence[UUID], change: Change, refuse: Refuse, commit: Callable[[UUID], Commit], forget: Forget
    ) -> None:
        """Change these; a constraint that refuses one of them refuses that one alone. `commit` is asked by last id."""
        try:
            await self._together(ids, change, refuse, commit(ids[-1]), forget)
        except _Broken as broken:
            if len(ids) == 1:
                uow = self._work.bulk_unit_of_work()
                refuse(uow, ids[0], broken.error.code)
                await commit(ids[0])(uow)
                return
            for customer_id in ids:
                await self.over([customer_id], change, refuse, commit, forget)

    async def _together(
        self, ids: Sequence[UUID], change: Change, refuse: Refuse, commit: Commit, forget: Forget
    ) -> None:
        async def attempt(uow: UnitOfWork) -> None:
            try:
                await self._change(uow, ids, change, refuse)
                if self._is_dry:
                    await uow.rollback()
                    uow = self._work.bulk_unit_of_work()
                await commit(uow)
            except BaseException:
                forget()
                raise

        await self._work.retried(attempt)

    async def _change(self, uow: UnitOfWork, ids: Sequence[UUID], change: Change, refuse: Refuse) -> None:
        context = BulkContext(uow, self._who, self._parts.keys, self._parts.settings, self._parts.standards)
        await context.customers.load(ids, lock=not self._is_dry)
        for customer_id in ids:
            record = context.customers.loaded(customer_id)
            try:
                if record is None:
                    raise CustomerNotFound
                if record.row.erased_at is not None:
                    raise CustomerErased
                if record.row.merged_into is not None:
                    # Absorbed since: what is written to its id would go to a survivor that nobody selected.
                    raise CustomerArchived
                await change(context, record)
            except _OURS:
                raise
            except HubError as error:
                # What it collected before it was refused goes; what others did is in the transaction already.
                uow.forget()
                refuse(uow, customer_id, error.code)
            if self._is_dry:
                uow.writes.clear()
                continue
            try:
                await uow.flush()
            except _OURS:
                raise
            except HubError as error:
                raise _Broken(error) from error
