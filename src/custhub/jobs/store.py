"""Statements over jobs. Every change of state is one conditional UPDATE that a rival cannot have made, too (J-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    select,
    update,
)

from custhub.jobs.models import JobRow, jobs
from custhub.jobs.states import HELD, LIVE, TRANSITIONS, JobState, Queue
from custhub.kit.commands import Command, Returning
from custhub.kit.query import Query, any_of

_c = jobs.c
_AT_ONCE: Final = 100

#: What a batch may change of its job. The revision moves by steps of one, so that only one of two batches can win.
PROGRESS: Final = (
    "cursor",
    "total",
    "processed",
    "succeeded",
    "failed",
    "skipped",
    "lost_leases",
    "updated_at",
    "revision",
)
_NO_LEASE: Final[Mapping[str, Any]] = {"lease_token": null(), "lease_until": null()}


def given(name: str, column: str) -> ColumnElement[Any]:
    """A parameter with the type of a column."""
    return bindparam(name, type_=_c[column].type)


def is_in(states: Iterable[JobState]) -> ColumnElement[bool]:
    """Written out, so that the partial indexes serve it."""
    return _c.state.in_([literal_column(f"'{state}'") for state in states])


def _is(state: JobState) -> ColumnElement[bool]:
    return _c.state == literal_column(f"'{state}'")


_MINE: Final = and_(_c.id == given("of_id", "id"), _c.lease_token == given("token", "lease_token"))
_ONE: Final = _c.id == given("of_id", "id")


def _move(
    sources: Iterable[JobState], target: JobState, which: ColumnElement[bool], values: Mapping[str, Any]
) -> Returning[JobRow]:
    sources = tuple(sources)
    if any((source, target) not in TRANSITIONS for source in sources):
        raise TypeError(f"no job goes from {sources} to {target}")
    statement = update(jobs).where(which, is_in(sources)).values(
        {"state": target.value, "updated_at": given("at", "updated_at"), "revision": _c.revision + 1, **values}
    ).returning(*jobs.columns)  # fmt: skip
    return Returning(statement, JobRow._make)


def _free(condition: ColumnElement[bool], rows: int, *order: ColumnElement[Any]) -> Select[Any]:
    # What a rival has in hand is skipped; the embedded database has one writer and needs no lock.
    return select(_c.id).where(condition).order_by(*order).limit(rows).with_for_update(skip_locked=True)


JOB: Final = Query(select(jobs).where(_c.id == bindparam("id")), JobRow._make)
JOB_LOCKED: Final = Query(select(jobs).where(_c.id == bindparam("id")).with_for_update(), JobRow._make)

_is_due: Final = and_(is_in((JobState.SCHEDULED, JobState.RETRYABLE)), _c.run_at <= given("now", "run_at"))
_is_claimable: Final = and_(_is(JobState.AVAILABLE), _c.queue == given("queue", "queue"), any_of(_c.kind, "kinds"))
_is_lost: Final = and_(is_in(HELD), _c.lease_until < given("now", "lease_until"))

#: Whether there are jobs that became due, jobs whose worker is gone, and, for each queue, jobs to run.
PROBE: Final = Query(
    select(
        exists().where(_is_due),
        exists().where(_is_lost),
        *(exists().where(_is(JobState.AVAILABLE), _c.queue == literal_column(f"'{queue}'")) for queue in Queue),
    ),
    tuple,
)
#: What became of jobs that this process has in hand.
STANDING: Final = Query(select(_c.id, _c.state, _c.lease_token).where(any_of(_c.id, "ids")), tuple)
COUNTS: Final = Query(
    select(_c.queue, _c.state, func.count()).where(is_in((*LIVE, JobState.FAILED))).group_by(_c.queue, _c.state), tuple
)
OLDEST: Final = Query(select(func.min(_c.run_at, type_=_c.run_at.type)).where(_is(JobState.AVAILABLE)), tuple)

LOST: Final = Query(
    select(jobs).where(_is_lost).order_by(_c.lease_until).limit(_AT_ONCE).with_for_update(skip_locked=True),
    JobRow._make,
)
ORPHANS: Final = Query(select(jobs).where(is_in(HELD)).order_by(_c.id), JobRow._make)

PROMOTE: Final = _move(
    (JobState.SCHEDULED, JobState.RETRYABLE),
    JobState.AVAILABLE,
    _c.id.in_(_free(_is_due, _AT_ONCE, _c.run_at)),
    {},
)
CLAIM: Final = _move(
    (JobState.AVAILABLE,),
    JobState.RUNNING,
    # Equal to one, not a member of some: a join would run the inner part, and lock, once for each outer row.
    _c.id == _free(_is_claimable, 1, _c.priority, _c.id).scalar_subquery(),
    {
        "lease_token": given("token", "lease_token"),
        "lease_until": given("until", "lease_until"),
        "attempt": _c.attempt + 1,
        "started_at": func.coalesce(_c.started_at, given("at", "started_at")),
    },
)
SUCCEED: Final = _move(
    (JobState.RUNNING,),
    JobState.SUCCEEDED,
    _MINE,
    {**_NO_LEASE, "result": given("result", "result"), "error": null(), "finished_at": given("at", "finished_at")},
)
RETRY: Final = _move(
    (JobState.RUNNING,),
    JobState.RETRYABLE,
    _MINE,
    {**_NO_LEASE, "error": given("error", "error"), "run_at": given("run_at", "run_at"), "lost_leases": 0},
)
FAIL: Final = _move(
    (JobState.RUNNING,),
    JobState.FAILED,
    _MINE,
    {**_NO_LEASE, "error": given("error", "error"), "finished_at": given("at", "finished_at")},
)
#: Given back by a process that stops: the run does not count (R-1).
RELEASE: Final = _move(
    (JobState.RUNNING,),
    JobState.RETRYABLE,
    _MINE,
    {**_NO_LEASE, "run_at": given("run_at", "run_at"), "attempt": _c.attempt - 1, "lost_leases": 0},
)
#: Its worker is gone: runs again at once, counted apart from its own failures.
LOSE: Final = _move(
    (JobState.RUNNING,),
    JobState.RETRYABLE,
    _MINE,
    {
        **_NO_LEASE,
        "run_at": given("run_at", "run_at"),
        "attempt": _c.attempt - 1,
        "lost_leases": _c.lost_leases + 1,
    },
)
GIVE_UP: Final = _move(
    (JobState.RUNNING,),
    JobState.FAILED,
    _MINE,
    {
        **_NO_LEASE,
        "lost_leases": _c.lost_leases + 1,
        "error": given("error", "error"),
        "finished_at": given("at", "finished_at"),
    },
)
#: Canceled while it ran: what it has committed stays.
CANCELED: Final = _move(
    (JobState.CANCELING,), JobState.CANCELED, _MINE, {**_NO_LEASE, "finished_at": given("at", "finished_at")}
)


def _advance() -> ClauseElement:
    values = {name: given(f"new_{name}", name) for name in PROGRESS}
    return update(jobs).where(_MINE, _is(JobState.RUNNING)).values(values)


ADVANCE: Final = Command(_advance())
