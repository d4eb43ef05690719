"""The job of a bulk merge: the plan, then group by group its merge, each in one fenced commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.revisions import revisions_of
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import Standards
from custhub.features.duplicates.errors import BulkMergeNotFound
from custhub.features.duplicates.events import BulkMergeCompleted
from custhub.features.duplicates.queries import BulkMergeRow
from custhub.features.duplicates.queries.plans import Group, bulk_merge_of, waiting_groups
from custhub.features.duplicates.repository import JOINED, PlanRepository
from custhub.features.duplicates.rules import CHANGED_SINCE, GroupState
from custhub.features.duplicates.service.deciding import REASON
from custhub.features.duplicates.service.gathering import Parts
from custhub.features.duplicates.service.planning import RUN, Planning
from custhub.features.merges.service.merging import Merging
from custhub.jobs.work import JobWork
from custhub.kit.customer_link import CustomerLink
from custhub.kit.db import Database, DatabaseUnavailable, DiskFull
from custhub.kit.errors import HubError
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.security.standing import restored
from custhub.settings import Settings

_AT_ONCE: Final = 50
#: What is nobody's refusal of one group.
OURS: Final = (DatabaseUnavailable, DiskFull)


class MergeParts(NamedTuple):
    """What bulk merges work with."""

    database: Database
    keys: LiveKeys
    settings: Settings
    standards: Standards
    links: Sequence[CustomerLink]

    def context(self, uow: UnitOfWork, who: Principal) -> CustomerContext:
        """What use cases of this caller work with, in this unit of work."""
        return CustomerContext(uow, who, self.keys, self.settings, self.standards)


class BulkMergeRun:
    """One run of a bulk merge, from where the last one ended."""

    def __init__(self, parts: MergeParts, work: JobWork, row: BulkMergeRow) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._who = restored(row.access)

    async def run(self) -> None:
        """The plan, its merges, the end."""
        if self._row.planned_at is None:
            parts = Parts(self._parts.database, self._parts.keys)
            self._row = await Planning(parts, self._work, self._row, self._who).run()
        if not self._row.is_dry_run:
            while groups := await waiting_groups(self._parts.database, self._row.id, _AT_ONCE):
                for group in groups:
                    await self._work.check()
                    await self._join(group)
        await self._finish()

    async def _join(self, group: Group) -> None:
        try:
            await self._work.retried(lambda uow: self._attempt(uow, group))
        except OURS:
            raise
        except HubError as error:
            await self._refuse(group, error.code)

    async def _attempt(self, uow: UnitOfWork, group: Group) -> None:
        now = {row.id: row.revision for row in await revisions_of(uow, list(group.members))}
        if now != group.members:
            await self._refuse(group, CHANGED_SINCE)
            return
        merging = Merging(self._parts.context(uow, self._who), self._parts.links)
        plan = await merging.plan(list(group.members))
        merge_id = (await merging.commit(plan, REASON)).merge.id
        await uow.run(JOINED, ids=list(group.members), merge_id=merge_id, now=uow.now)
        await self._settle(uow, group, {"state": GroupState.MERGED.value, "merge_id": merge_id}, merged=1)

    async def _refuse(self, group: Group, code: str) -> None:
        values = {"state": GroupState.REFUSED.value, "error": code}
        await self._settle(self._work.bulk_unit_of_work(), group, values, refused=1)

    async def _settle(
        self, uow: UnitOfWork, group: Group, values: Mapping[str, Any], *, merged: int = 0, refused: int = 0
    ) -> None:
        plans, row = PlanRepository(uow), self._row
        plans.settle(group.row, values)
        after = plans.change(row, {"merged": row.merged + merged, "refused": row.refused + refused})
        await self._work.batch(uow, processed=1, succeeded=merged, failed=refused)
        self._row = after

    async def _finish(self) -> None:
        if self._row.finished_at is not None:
            return
        uow, row = self._work.unit_of_work(), self._row
        row = PlanRepository(uow).change(row, {"finished_at": uow.now})
        counts = {"merged": row.merged, "refused": row.refused, "withheld": row.withheld}
        if not row.is_dry_run:
            uow.emit(BulkMergeCompleted(row.id, row.revision, extra=counts))
        told = " ".join(f"{name}={count}" for name, count in ({"groups": row.groups} | counts).items())
        uow.audit(Note("bulk_merge.completed", RUN, row.id, reason=told))
        await self._work.batch(uow)


async def opened(database: Database, work: JobWork, bulk_merge_id: UUID) -> BulkMergeRow:
    """The bulk merge behind a job. One that was forgotten meanwhile ends the job."""
    standing = await bulk_merge_of(database, bulk_merge_id)
    if standing is None:
        work.fail_permanently(BulkMergeNotFound())
    return standing.row
