"""Enqueue a job: a row of the caller's unit of work (J-2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from custhub.jobs.models import JobRow, jobs
from custhub.jobs.states import JobState, Queue
from custhub.kit.ids import new_id
from custhub.kit.uow import UnitOfWork

MAX_ATTEMPTS = 8


def enqueue(
    uow: UnitOfWork,
    kind: str,
    args: Mapping[str, Any],
    *,
    queue: str = Queue.DEFAULT,
    unique_key: str | None = None,
    run_at: datetime | None = None,
    max_attempts: int = MAX_ATTEMPTS,
    priority: int = 0,
    result_url: Callable[[UUID], str] | None = None,
) -> JobRow:
    """Add a job that exists when, and only when, `uow` commits; nothing is committed here.

    `args` are JSON and hold no personal data. Of the live jobs with one `unique_key` there is one: give
    `uow.on_violation(UNIQUE_JOB, ...)` the error that says so. `run_at` (aware) is the earliest time, by the
    database's clock. A smaller `priority` goes first. `result_url` gives where its result will be, from the
    id of the job. Raises ValueError for a queue nobody works on.
    """
    now, job_id = uow.now, new_id()
    row = JobRow(
        id=job_id,
        kind=kind,
        queue=Queue(queue).value,
        state=(JobState.AVAILABLE if run_at is None else JobState.SCHEDULED).value,
        args=dict(args),
        cursor=None,
        total=None,
        processed=0,
        succeeded=0,
        failed=0,
        skipped=0,
        result=None if result_url is None else {"result_url": result_url(job_id)},
        error=None,
        unique_key=unique_key,
        priority=priority,
        attempt=0,
        max_attempts=max_attempts,
        lost_leases=0,
        run_at=run_at or now,
        lease_token=None,
        lease_until=None,
        actor_kind=uow.actor.kind,
        actor_id=uow.actor.id,
        client_id=uow.actor.client_id,
        request_id=uow.request_id,
        created_at=now,
        started_at=None,
        finished_at=None,
        updated_at=now,
        revision=1,
    )
    uow.insert(jobs, row)
    return row
