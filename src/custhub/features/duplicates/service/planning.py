"""Ask for a bulk merge, or for its undo; and the plan itself: which groups a score from a threshold on makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from custhub.features.customers.queries.claims import reachable_among
from custhub.features.customers.rules.provenance import Rule
from custhub.features.duplicates.errors import (
    BulkMergeDry,
    BulkMergeNotFound,
    BulkMergeRunning,
    BulkMergeUndone,
    DryRunRequired,
    ThresholdTooLow,
)
from custhub.features.duplicates.queries import BulkMergeRow, GroupRow, MemberRow
from custhub.features.duplicates.queries.pairs import origins_of
from custhub.features.duplicates.queries.plans import BulkMergeStanding, bulk_merge_of, was_tried
from custhub.features.duplicates.queries.scans import stored_settings
from custhub.features.duplicates.queries.scoring import active_model
from custhub.features.duplicates.repository import DROP_GROUPS, PlanRepository
from custhub.features.duplicates.rules import GroupState, Withheld, bits_of
from custhub.features.duplicates.service.gathering import Gathering, Parts
from custhub.features.matching.service.cannot_links import forbidden_among
from custhub.http.issues import issue
from custhub.jobs.models import UNIQUE_JOB, JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import LIVE, JobState, Queue
from custhub.jobs.work import JobWork
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.security.scopes import Scope
from custhub.security.standing import kept

RUN: Final = "bulk_merge"
UNDO: Final = "bulk_merge_undo"
#: One at a time joins, or takes apart.
_KEY: Final = "bulk_merge"
_AT_ONCE: Final = 100
#: Rules by which a value stands that a person vouched for.
_BY_PEOPLE: Final = frozenset({Rule.CONFIRMED.value, Rule.ACCEPTED.value})


async def find_bulk_merge(reader: Reader, who: Principal, bulk_merge_id: UUID) -> BulkMergeStanding:
    """One of this caller, or any with `jobs:manage`. Raises BulkMergeNotFound."""
    standing = await bulk_merge_of(reader, bulk_merge_id)
    if standing is None or (standing.row.actor_id != who.id and Scope.JOBS_MANAGE not in who.scopes):
        raise BulkMergeNotFound
    return standing


async def start_bulk_merge(uow: UnitOfWork, who: Principal, threshold: int, trigger: str, *, is_dry: bool) -> JobRow:
    """Queue one. Raises ThresholdTooLow, DryRunRequired, and BulkMergeRunning, also at commit."""
    settings = await stored_settings(uow)
    if threshold < settings.merge:
        raise ThresholdTooLow(issues=[issue("#/threshold", ThresholdTooLow.code)])
    version = (await active_model(uow)).model_version
    if not is_dry and not await was_tried(uow, threshold, version):
        raise DryRunRequired
    job = enqueue(uow, RUN, {}, queue=Queue.MAINTENANCE, unique_key=_KEY, result_url=_url)
    uow.on_violation(UNIQUE_JOB, _running)
    PlanRepository(uow).add(
        BulkMergeRow(
            id=job.id,
            trigger=trigger,
            threshold=threshold,
            is_dry_run=is_dry,
            model_version=version,
            access=kept(who),
            actor_id=who.id,
            customers=0,
            groups=0,
            grouped=0,
            largest=0,
            withheld=0,
            planned_at=None,
            merged=0,
            refused=0,
            finished_at=None,
            undo_job_id=None,
            undo_access=None,
            undone=0,
            kept=0,
            undone_at=None,
            created_at=uow.now,
            updated_at=uow.now,
            revision=1,
        )
    )
    uow.audit(Note("bulk_merge.started", RUN, job.id, reason=f"threshold={bits_of(threshold)} dry_run={is_dry}"))
    return job


async def start_undo(uow: UnitOfWork, who: Principal, bulk_merge_id: UUID) -> JobRow:
    """Queue the undo. Raises BulkMergeNotFound, BulkMergeDry, BulkMergeUndone, and BulkMergeRunning, also at commit."""
    row, state, undo_state = await find_bulk_merge(uow, who, bulk_merge_id)
    if row.is_dry_run:
        raise BulkMergeDry
    if row.undone_at is not None:
        raise BulkMergeUndone
    if _is_live(state) or _is_live(undo_state):
        raise BulkMergeRunning
    args = {"bulk_merge_id": row.id.hex}
    job = enqueue(
        uow, UNDO, args, queue=Queue.MAINTENANCE, unique_key=_KEY, result_url=lambda _: _url(row.id)
    )  # fmt: skip
    uow.on_violation(UNIQUE_JOB, _running)
    PlanRepository(uow).change(row, {"undo_job_id": job.id, "undo_access": kept(who)}, guard=True)
    uow.audit(Note("bulk_merge.undo_started", RUN, row.id))
    return job


class Planning:
    """The groups of one plan, within the reach of who asked for it."""

    def __init__(self, parts: Parts, work: JobWork, row: BulkMergeRow, who: Principal) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._who = who

    async def run(self) -> BulkMergeRow:
        """Compare everybody, store the groups. One that was interrupted begins anew."""
        await self._begin()
        threshold = self._row.threshold
        found = await Gathering.of_everybody(self._parts, self._work, self._row.model_version, threshold, threshold)
        try:
            groups = await found.groups(await found.parted())
            for first in range(0, len(groups), _AT_ONCE):
                await self._work.check()
                await self._store(found, groups[first : first + _AT_ONCE], first + 1)
        finally:
            await found.close()
        uow = self._work.unit_of_work()
        row = PlanRepository(uow).change(self._row, {"customers": len(found.roll), "planned_at": uow.now})
        await self._work.batch(uow, total=row.groups)
        return row

    async def _begin(self) -> None:
        uow = self._work.unit_of_work()
        try:
            for command in DROP_GROUPS:
                await uow.run(command, id=self._row.id)
            nothing = dict.fromkeys(("groups", "grouped", "largest", "withheld"), 0)
            row = PlanRepository(uow).change(self._row, nothing)
            await self._work.batch(uow)
        except BaseException:
            await uow.rollback()
            raise
        self._row = row

    async def _store(self, found: Gathering, groups: Sequence[Sequence[int]], place: int) -> None:
        database, row, roll = self._parts.database, self._row, found.roll
        ids = sorted({roll.id(member) for group in groups for member in group})
        reachable = await reachable_among(database, self._who.reach, ids)
        forbidden, confirmed = await forbidden_among(database, ids), await self._confirmed(ids)
        rows: list[GroupRow] = []
        members: list[MemberRow] = []
        grouped, largest, withheld = 0, row.largest, 0
        for at, group in enumerate(groups, place):
            own = {roll.id(member): roll.revision(member) for member in group}
            if not reachable.issuperset(own):
                continue
            why = _why_withheld(sorted(own), forbidden, confirmed)
            state = GroupState.PLANNED if why is None else GroupState.WITHHELD
            rows.append(GroupRow(row.id, at, state.value, None if why is None else why.value, None))
            members += [MemberRow(row.id, at, customer_id, revision) for customer_id, revision in own.items()]
            if why is None:
                grouped, largest = grouped + len(own), max(largest, len(own))
            else:
                withheld += 1
        uow = self._work.unit_of_work()
        plans = PlanRepository(uow)
        plans.add_groups(rows, members)
        values = {
            "groups": row.groups + len(rows) - withheld,
            "grouped": row.grouped + grouped,
            "largest": largest,
            "withheld": row.withheld + withheld,
        }
        after = plans.change(row, values)
        await self._work.batch(uow)
        self._row = after

    async def _confirmed(self, ids: Sequence[UUID]) -> set[UUID]:
        """Those of these customers of whom a person vouched for something."""
        known = await origins_of(self._parts.database, ids)
        return {
            customer_id
            for customer_id, stored in known.items()
            if any(entry.get("b") and entry.get("r") in _BY_PEOPLE for entry in (stored or {}).values())
        }


def _why_withheld(ids: Sequence[UUID], forbidden: set[tuple[UUID, UUID]], confirmed: set[UUID]) -> Withheld | None:
    """Why a group is left to people as a whole: which of its members belong together, nobody but they can say."""
    if any((left, right) in forbidden for at, right in enumerate(ids) for left in ids[:at]):
        return Withheld.NOT_SAME
    return Withheld.CONFIRMED if len(confirmed.intersection(ids)) > 1 else None


def _url(bulk_merge_id: UUID) -> str:
    return f"/v1/duplicates/bulk-merges/{to_text(Prefix.BULK_MERGE, bulk_merge_id)}"


def _is_live(state: str | None) -> bool:
    return state is not None and JobState(state) in LIVE


async def _running() -> HubError:
    return BulkMergeRunning()
