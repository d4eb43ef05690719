"""Jobs as the operator sees them: all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field

from custhub.app import Application
from custhub.features.operations.queries.jobs import page_of_jobs
from custhub.features.operations.schemas.jobs import job_view
from custhub.features.operations.service.jobs import JobDesk, find_job
from custhub.http.answers import dump
from custhub.jobs.models import JobRow
from custhub.jobs.states import LIVE, JobStatus, states_of
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import OPERATOR_PRINCIPAL, Arguments, Command, in_unit_of_work
from custhub.operator.refused import CommandRefused


class ListJobs(Arguments):
    """Which jobs: of a status, of a kind, or all; the newest ones."""

    status: JobStatus | None
    kind: str | None
    limit: Annotated[int, Field(ge=1, le=200)]


class NamedJob(Arguments):
    """A job by id."""

    job: str


def _id_of(text: str) -> UUID:
    try:
        return from_text(Prefix.JOB, text)
    except ValueError:
        raise CommandRefused("that is no id of a job; `custhub jobs list` shows them") from None


def _shown(row: JobRow) -> dict[str, Any]:
    view: dict[str, Any] = orjson.loads(dump(job_view(row)))
    view |= {"queue": row.queue, "attempt": row.attempt, "max_attempts": row.max_attempts}
    return view | {"is_live": row.state in LIVE}


async def _list(app: Application, asked: ListJobs) -> Mapping[str, Any]:
    found = await page_of_jobs(
        app.database,
        owner=None,
        states=() if asked.status is None else states_of(asked.status),
        kinds=() if asked.kind is None else (asked.kind,),
        before=None,
        limit=asked.limit,
    )
    return {"jobs": [_shown(row) for row in found.items]}


async def _get(app: Application, asked: NamedJob) -> Mapping[str, Any]:
    return {"job": _shown(await find_job(app.database, OPERATOR_PRINCIPAL, _id_of(asked.job)))}


def _change(move: Callable[[JobDesk, UUID], Awaitable[JobRow]]) -> Callable[[Application, NamedJob], Any]:
    async def run(app: Application, asked: NamedJob) -> Mapping[str, Any]:
        job_id = _id_of(asked.job)

        async def work(uow: UnitOfWork) -> JobRow:
            return await move(JobDesk(uow), job_id)

        return {"job": _shown(await in_unit_of_work(app, work))}

    return run


COMMANDS = {
    "jobs.list": Command(ListJobs, _list),
    "jobs.get": Command(NamedJob, _get),
    "jobs.cancel": Command(NamedJob, _change(lambda desk, job_id: desk.cancel(OPERATOR_PRINCIPAL, job_id))),
    "jobs.retry": Command(NamedJob, _change(lambda desk, job_id: desk.retry(OPERATOR_PRINCIPAL, job_id))),
}
