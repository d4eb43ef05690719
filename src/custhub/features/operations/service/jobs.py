"""See, cancel and repeat jobs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.features.operations.errors.jobs import JobFinished, JobNotFailed, JobNotFound, JobReplaced
from custhub.features.operations.queries.jobs import job_by_id, job_to_change
from custhub.jobs.models import UNIQUE_JOB, JobRow, jobs
from custhub.jobs.states import HELD, QUEUED, JobState
from custhub.kit.errors import HubError
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.security.scopes import Scope


def sees_all(who: Principal) -> bool:
    """Whether this caller sees the jobs of others."""
    return Scope.JOBS_MANAGE in who.scopes


async def find_job(reader: Reader, who: Principal, job_id: UUID) -> JobRow:
    """One job that this caller may see. Raises JobNotFound."""
    return _visible(await job_by_id(reader, job_id), who)


class JobDesk:
    """Changes of jobs inside one unit of work; each is conditional on the state that was seen (J-1)."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def cancel(self, who: Principal, job_id: UUID) -> JobRow:
        """Cancel: at once while it waits, soon while it runs. Again is no error. Raises JobNotFound, JobFinished."""
        job = _visible(await job_to_change(self._uow, job_id), who)
        if job.state in (JobState.CANCELING, JobState.CANCELED):
            return job
        if job.state in QUEUED:
            changed = self._move(job, JobState.CANCELED, {"finished_at": self._uow.now})
        elif job.state in HELD:
            changed = self._move(job, JobState.CANCELING, {})
        else:
            raise JobFinished
        self._uow.audit(Note("job.canceled", "job", job.id, reason=job.kind))
        return changed

    async def retry(self, who: Principal, job_id: UUID) -> JobRow:
        """Run a failed job again, with all its attempts. Raises JobNotFound, JobNotFailed, JobReplaced."""
        job = _visible(await job_to_change(self._uow, job_id), who)
        if job.state != JobState.FAILED:
            raise JobNotFailed
        fresh = {"attempt": 0, "lost_leases": 0, "error": None, "finished_at": None, "run_at": self._uow.now}
        self._uow.on_violation(UNIQUE_JOB, _replaced)
        changed = self._move(job, JobState.AVAILABLE, fresh)
        self._uow.audit(Note("job.retried", "job", job.id, reason=job.kind))
        return changed

    def _move(self, job: JobRow, state: JobState, values: dict[str, Any]) -> JobRow:
        values = {**values, "state": state.value, "updated_at": self._uow.now, "revision": job.revision + 1}
        self._uow.update(jobs, {"id": job.id, "state": job.state, "revision": job.revision}, values, guard=True)
        return job._replace(**values)


def _visible(job: JobRow | None, who: Principal) -> JobRow:
    if job is None or not (sees_all(who) or job.actor_id == who.id):
        raise JobNotFound
    return job


async def _replaced() -> HubError:
    return JobReplaced()
