"""Pages of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.jobs.models import JobRow, jobs
from custhub.jobs.states import JobState
from custhub.jobs.store import JOB, JOB_LOCKED
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.kit.uow import UnitOfWork

_c = jobs.c
_LAST = UUID(int=2**128 - 1)


def _page(*filters: Any) -> Query[JobRow]:
    statement = select(jobs).where(_c.id < bindparam("before", type_=_c.id.type), *filters)
    return Query(statement.order_by(_c.id.desc()).limit(bindparam("limit")), JobRow._make)


_OWN = _c.actor_id == bindparam("owner", type_=_c.actor_id.type)
_STATE = any_of(_c.state, "states")
_KIND = any_of(_c.kind, "kinds")
#: By what is asked for (owner, states, kinds): each text has an index that serves it.
_PAGES = {
    (own, state, kind): _page(
        *(condition for condition, asked in ((_OWN, own), (_STATE, state), (_KIND, kind)) if asked)
    )
    for own in (False, True)
    for state in (False, True)
    for kind in (False, True)
}


async def page_of_jobs(
    reader: Reader,
    *,
    owner: UUID | None,
    states: Sequence[JobState],
    kinds: Sequence[str],
    before: UUID | None,
    limit: int,
) -> Page[JobRow]:
    """Jobs of one caller, or of all for None, newest first."""
    query = _PAGES[owner is not None, bool(states), bool(kinds)]
    rows = await query.all(
        reader,
        owner=owner,
        states=[state.value for state in states],
        kinds=list(kinds),
        before=before or _LAST,
        limit=limit + 1,
    )
    return Page(rows[:limit], (rows[limit - 1].id.hex,) if len(rows) > limit else None)


async def job_by_id(reader: Reader, job_id: UUID) -> JobRow | None:
    """One job."""
    return await JOB.first(reader, id=job_id)


async def job_to_change(uow: UnitOfWork, job_id: UUID) -> JobRow | None:
    """One job, locked when the request runs for the second time."""
    return await (JOB_LOCKED if uow.locking else JOB).first(uow, id=job_id)
