"""Views of jobs, in the one shape of long work (CONTRACT D5)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.http.answers import Answer
from custhub.http.errors import status_of
from custhub.http.fields import JobId, Read, Revision
from custhub.jobs.errors import JobCrashed
from custhub.jobs.models import JobRow
from custhub.jobs.states import JobState, JobStatus, states_of
from custhub.jobs.states import status_of as job_status_of
from custhub.kit.errors import REGISTRY
from custhub.kit.ids import Prefix, to_text

_INT64 = 9_223_372_036_854_775_807
Count = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
Cursor = Annotated[str, StringConstraints(max_length=500)]
KindName = Annotated[str, StringConstraints(max_length=60, pattern="^[a-z][a-z0-9_]*$")]


class JobFailure(Read):
    """Why a job failed, or failed last, in the shape of a problem document."""

    type: Annotated[str, StringConstraints(max_length=200)]
    title: Annotated[str, StringConstraints(max_length=200)]
    status: Annotated[int, Field(ge=400, le=599, json_schema_extra={"format": "int32"})]
    code: Annotated[str, StringConstraints(max_length=60)]
    detail: Annotated[str, StringConstraints(max_length=1_000)]


class JobRead(Read):
    """Long work and how far it is."""

    id: JobId
    object: Literal["job"]
    kind: KindName = Field(description="What the job does")
    status: JobStatus
    total: Count | None = Field(description="How much there is to do; null while that is not known")
    processed: Count = Field(description="How much of it is done; never falls")
    succeeded: Count
    failed: Count
    skipped: Count
    rate_per_second: Annotated[float, Field(ge=0)] = Field(description="Processed per second since the start")
    eta_seconds: Count | None
    result_url: Annotated[str, StringConstraints(max_length=500)] | None
    error: JobFailure | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    revision: Revision


class JobPage(Read):
    """A page of jobs."""

    data: Annotated[list[JobRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class JobListQuery(BaseModel):
    """Which jobs to list; a repeated filter is a set."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before")
    status: list[JobStatus] = Field(default=[], max_length=6, description="Where the jobs are")
    kind: list[KindName] = Field(default=[], max_length=20, description="What the jobs do")

    def states(self) -> list[JobState]:
        """The states asked for."""
        return [state for status in dict.fromkeys(self.status) for state in states_of(status)]

    def binding(self) -> list[Any]:
        """What a cursor of this list is bound to: everything but place and size."""
        return [str(self.model_dump(mode="json", exclude={"cursor", "limit"}))]


def job_etag(row: JobRow) -> str:
    """The entity tag of a job."""
    return f'"{row.revision}-00000000"'


def job_view(row: JobRow) -> dict[str, Any]:
    """The body of one job. Everything in it follows from the row, so that its entity tag holds."""
    rate, eta = 0.0, None
    if row.started_at is not None and row.processed:
        seconds = ((row.finished_at or row.updated_at) - row.started_at).total_seconds()
        rate = round(row.processed / seconds, 1) if seconds > 0 else 0.0
        if rate and row.total is not None and row.state == JobState.RUNNING:
            eta = int(max(0, row.total - row.processed) / rate)
    return {
        "id": to_text(Prefix.JOB, row.id),
        "object": "job",
        "kind": row.kind,
        "status": job_status_of(row.state),
        "total": row.total,
        "processed": row.processed,
        "succeeded": row.succeeded,
        "failed": row.failed,
        "skipped": row.skipped,
        "rate_per_second": rate,
        "eta_seconds": eta,
        "result_url": None if row.result is None else row.result.get("result_url"),
        "error": None if row.error is None else _failure(str(row.error["code"])),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def accepted(row: JobRow) -> Answer:
    """202 with a job and where it is (CONTRACT D5)."""
    location = f"/v1/jobs/{to_text(Prefix.JOB, row.id)}"
    return Answer(job_view(row), 202, ((b"location", location.encode()), (b"retry-after", b"2")))


def _failure(code: str) -> dict[str, Any]:
    # A code of another version than this one: the row keeps it, the text is of ours.
    known = REGISTRY.get(code, JobCrashed)
    text = known.text("en")
    return {
        "type": f"/docs/errors/{code}",
        "title": text.title,
        "status": status_of(known),
        "code": code,
        "detail": text.detail,
    }
