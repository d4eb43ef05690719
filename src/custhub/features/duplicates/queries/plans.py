"""Read statements over bulk merges and their groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select

from custhub.features.duplicates.models import (
    BulkMergeRow,
    GroupRow,
    bulk_merge_groups,
    bulk_merge_members,
    bulk_merges,
)
from custhub.features.duplicates.rules import GroupState
from custhub.jobs.models import jobs
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

_b, _g, _m = bulk_merges.c, bulk_merge_groups.c, bulk_merge_members.c
_WIDTH: Final = len(BulkMergeRow._fields)
_LAST: Final = UUID(int=2**128 - 1)
_EVERYONE: Final = "a plan holds only customers within the reach of who started it, and only that caller is told"


class BulkMergeStanding(NamedTuple):
    """A bulk merge, and the states of its jobs as long as those are kept."""

    row: BulkMergeRow
    state: str | None
    undo_state: str | None


class Group(NamedTuple):
    """A group of a plan with its customers and their revisions, in the order of their ids."""

    row: GroupRow
    members: dict[UUID, int]


def _standing(values: Iterable[Any]) -> BulkMergeStanding:
    values = list(values)
    return BulkMergeStanding(BulkMergeRow._make(values[:_WIDTH]), *values[_WIDTH:])


_job, _undo = jobs.alias("job"), jobs.alias("undo")
_STANDING: Final = select(bulk_merges, _job.c.state, _undo.c.state.label("undo_state")).select_from(
    bulk_merges.outerjoin(_job, _job.c.id == _b.id).outerjoin(_undo, _undo.c.id == _b.undo_job_id)
)
_ONE: Final = Query(_STANDING.where(_b.id == bindparam("id")), _standing)
_PAGE: Final = (
    _STANDING.where(_b.id < bindparam("before", type_=_b.id.type)).order_by(_b.id.desc()).limit(bindparam("limit"))
)
_OWN_PAGE: Final = Query(_PAGE.where(_b.actor_id == bindparam("owner", type_=_b.actor_id.type)), _standing)
_ANY_PAGE: Final = Query(_PAGE, _standing)
_DRY_RUN: Final = Query(
    select(func.count()).where(
        _b.is_dry_run.is_(True),
        _b.finished_at.is_not(None),
        _b.threshold == bindparam("threshold", type_=_b.threshold.type),
        _b.model_version == bindparam("model_version", type_=_b.model_version.type),
    ),
    tuple,
)
_of_plan = _g.bulk_merge_id == bindparam("id", type_=_g.bulk_merge_id.type)
_GROUPS: Final = Query(
    select(bulk_merge_groups)
    .where(_of_plan, _g.place > bindparam("after", type_=_g.place.type))
    .order_by(_g.place)
    .limit(bindparam("limit")),
    GroupRow._make,
)
_WAITING: Final = Query(
    select(bulk_merge_groups)
    .where(_of_plan, _g.state == GroupState.PLANNED.value)
    .order_by(_g.place)
    .limit(bindparam("limit")),
    GroupRow._make,
)
_TO_UNDO: Final = Query(
    select(bulk_merge_groups)
    .where(_of_plan, _g.state == GroupState.MERGED.value)
    .order_by(_g.place.desc())
    .limit(bindparam("limit")),
    GroupRow._make,
)
_MEMBERS: Final = Query(
    select(_m.place, _m.customer_id, _m.revision)
    .where(
        _m.bulk_merge_id == bindparam("id", type_=_m.bulk_merge_id.type),
        _m.place >= bindparam("first", type_=_m.place.type),
        _m.place <= bindparam("last", type_=_m.place.type),
    )
    .order_by(_m.place, _m.customer_id),
    tuple,
    everyone=_EVERYONE,
)


async def bulk_merge_of(reader: Reader, bulk_merge_id: UUID) -> BulkMergeStanding | None:
    """One bulk merge."""
    return await _ONE.first(reader, id=bulk_merge_id)


async def page_of_bulk_merges(
    reader: Reader, owner: UUID | None, before: list[Any] | None, limit: int
) -> Page[BulkMergeStanding]:
    """Bulk merges of one caller, or of all for None, newest first."""
    place = _LAST if before is None else from_bytes(bytes.fromhex(before[0]))
    params: dict[str, Any] = {"before": place, "limit": limit + 1}
    found = await (_ANY_PAGE.all(reader, **params) if owner is None else _OWN_PAGE.all(reader, owner=owner, **params))
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].row.id.hex,))


async def was_tried(reader: Reader, threshold: int, model_version: str) -> bool:
    """Whether a dry run at this threshold, by this model, came to its end."""
    row = await _DRY_RUN.first(reader, threshold=threshold, model_version=model_version)
    return row is not None and row[0] > 0


async def page_of_groups(reader: Reader, plan_id: UUID, after: list[Any] | None, limit: int) -> Page[Group]:
    """The groups of a plan in their order."""
    rows = await _GROUPS.all(reader, id=plan_id, after=0 if after is None else after[0], limit=limit + 1)
    more = len(rows) > limit
    found = await _with_members(reader, plan_id, rows[:limit])
    return Page(found, (rows[limit - 1].place,)) if more else Page(found)


async def waiting_groups(reader: Reader, plan_id: UUID, limit: int) -> list[Group]:
    """The next groups that nothing became of yet."""
    return await _with_members(reader, plan_id, await _WAITING.all(reader, id=plan_id, limit=limit))


async def groups_to_undo(reader: Reader, plan_id: UUID, limit: int) -> list[GroupRow]:
    """The groups that are joined, the last one first."""
    return await _TO_UNDO.all(reader, id=plan_id, limit=limit)


async def _with_members(reader: Reader, plan_id: UUID, rows: Sequence[GroupRow]) -> list[Group]:
    if not rows:
        return []
    members: dict[int, dict[UUID, int]] = {row.place: {} for row in rows}
    for place, customer_id, revision in await _MEMBERS.all(
        reader, id=plan_id, first=rows[0].place, last=rows[-1].place
    ):
        if place in members:
            members[place][customer_id] = revision
    return [Group(row, members[row.place]) for row in rows]
