"""The job that takes a bulk merge back: its merges in reverse order, each in one fenced commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from custhub.features.duplicates.events import BulkMergeUndone
from custhub.features.duplicates.queries import BulkMergeRow, GroupRow
from custhub.features.duplicates.queries.plans import groups_to_undo
from custhub.features.duplicates.repository import PARTED_AGAIN, PlanRepository
from custhub.features.duplicates.rules import GroupState
from custhub.features.duplicates.service.joining import OURS, MergeParts
from custhub.features.duplicates.service.planning import RUN
from custhub.features.merges.errors import AlreadyUndone
from custhub.features.merges.service.undoing import Undoing
from custhub.jobs.work import JobWork
from custhub.kit.errors import HubError
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.reach import ALL_ROWS
from custhub.security.standing import restored

_AT_ONCE: Final = 50
#: Why its merges are undone, as they keep it.
_REASON: Final = "not_the_same"


class BulkMergeUndo:
    """One run of an undo, from where the last one ended."""

    def __init__(self, parts: MergeParts, work: JobWork, row: BulkMergeRow) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        # What it takes apart was within reach once, when it was joined.
        self._who = replace(restored(row.undo_access), reach=ALL_ROWS)

    async def run(self) -> None:
        """The last merge first, then the end."""
        while groups := await groups_to_undo(self._parts.database, self._row.id, _AT_ONCE):
            for group in groups:
                await self._work.check()
                await self._separate(group)
        await self._finish()

    async def _separate(self, group: GroupRow) -> None:
        try:
            await self._work.retried(lambda uow: self._attempt(uow, group))
        except OURS:
            raise
        except HubError as error:
            await self._keep(group, error.code)

    async def _attempt(self, uow: UnitOfWork, group: GroupRow) -> None:
        assert group.merge_id is not None  # noqa: S101  # it is joined
        context = self._parts.context(uow, self._who)
        try:
            await Undoing(context, self._parts.links).undo(group.merge_id, _REASON, None, checked=False)
        except AlreadyUndone:
            # Somebody was quicker: it is as it should be.
            await uow.rollback()
            uow = self._work.bulk_unit_of_work()
        await uow.run(PARTED_AGAIN, merge_id=group.merge_id, now=uow.now)
        await self._settle(uow, group, {"state": GroupState.UNDONE.value}, undone=1)

    async def _keep(self, group: GroupRow, code: str) -> None:
        uow = self._work.bulk_unit_of_work()
        await self._settle(uow, group, {"state": GroupState.KEPT.value, "error": code}, kept=1)

    async def _settle(
        self, uow: UnitOfWork, group: GroupRow, values: Mapping[str, Any], *, undone: int = 0, kept: int = 0
    ) -> None:
        plans, row = PlanRepository(uow), self._row
        plans.settle(group, values)
        after = plans.change(row, {"undone": row.undone + undone, "kept": row.kept + kept})
        await self._work.batch(uow, total=row.merged, processed=1, succeeded=undone, failed=kept)
        self._row = after

    async def _finish(self) -> None:
        if self._row.undone_at is not None:
            return
        uow, row = self._work.unit_of_work(), self._row
        row = PlanRepository(uow).change(row, {"undone_at": uow.now})
        counts = {"undone": row.undone, "kept": row.kept}
        uow.emit(BulkMergeUndone(row.id, row.revision, extra=counts))
        told = " ".join(f"{name}={count}" for name, count in counts.items())
        uow.audit(Note("bulk_merge.undone", RUN, row.id, reason=told))
        await self._work.batch(uow)
