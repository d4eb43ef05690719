"""Routes of jobs: see how far they are, cancel them."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Header, Query, Request, Response

from custhub.features.operations.deps.jobs import Caller, Desk
from custhub.features.operations.errors.jobs import JobFinished, JobNotFound
from custhub.features.operations.queries.jobs import page_of_jobs
from custhub.features.operations.schemas.jobs import JobListQuery, JobPage, JobRead, job_etag, job_view
from custhub.features.operations.service.jobs import find_job, sees_all
from custhub.http.answers import not_modified, ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import JobId
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors

router = hub_router("/v1/jobs", "jobs")


@router.get("", response_model=JobPage)
async def list_jobs(request: Request, query: Annotated[JobListQuery, Query()], who: Caller, call: TheCall) -> Response:
    """List jobs, newest first.

    Without `jobs:manage` these are the caller's own. `status=queued` has those that wait, for their turn, their
    time or another attempt.
    """
    owner = None if sees_all(who) else who.id
    binding = [who.id.hex, "jobs", "all" if owner is None else "own", *query.binding()]
    cursors = Cursors(call.hub.keys.cursors.sign, binding)
    after = cursors.read(query.cursor)
    found = await page_of_jobs(
        call.hub.database,
        owner=owner,
        states=query.states(),
        kinds=query.kind,
        before=UUID(after[0]) if after else None,
        limit=query.limit,
    )
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"
    return page([job_view(row) for row in found.items], cursor, url)


@router.get("/{job_id}", response_model=JobRead, responses=problems(JobNotFound))
async def get_job(
    job_id: JobId, who: Caller, call: TheCall, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """Get one job and how far it is.

    Whoever started it sees it, and so does everybody with `jobs:manage`. `processed` never falls; `error` is the
    last failure, also while the job waits for another attempt.
    """
    row = await find_job(call.hub.database, who, job_id)
    etag = job_etag(row)
    if if_none_match is not None and etag in if_none_match:
        return not_modified(etag)
    return ok(job_view(row), etag)


@router.post("/{job_id}/cancel", response_model=JobRead, responses=problems(JobNotFound, JobFinished))
async def cancel_job(job_id: JobId, who: Caller, desk: Desk) -> Response:
    """Cancel a job.

    One that waits is `canceled` at once; one that runs is `canceling` and ends within five seconds. What it has
    done until then stays, and its counters say how much that is. Canceling a canceled job changes nothing.
    """
    row = await desk.cancel(who, job_id)
    return ok(job_view(row), job_etag(row))
