"""Tables of jobs and of their schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    literal_column,
)

from custhub.kit.db import Id, Instant, Json, metadata

#: At most one live job for each unique key (J-2).
UNIQUE_JOB = "uq_jobs_unique_key"
#: One fire for each schedule and time (J-8).
UNIQUE_FIRE = "pk_job_fires"


def _where(text: str) -> dict[str, Any]:
    condition: ColumnElement[bool] = literal_column(text)
    return {"postgresql_where": condition, "sqlite_where": condition}


jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(60), nullable=False),
    Column("queue", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("args", Json, nullable=False),
    # Where the work goes on after a break; the kind alone knows what it means.
    Column("cursor", Json),
    Column("total", BigInteger),
    Column("processed", BigInteger, nullable=False),
    Column("succeeded", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("result", Json),
    Column("error", Json),
    Column("unique_key", String(200)),
    # Smaller goes first.
    Column("priority", Integer, nullable=False),
    # Runs that ended in a failure, and the present one; what a dying worker lost is counted beside it.
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    # In a row, without any progress between.
    Column("lost_leases", Integer, nullable=False),
    Column("run_at", Instant, nullable=False),
    Column("lease_token", Id),
    Column("lease_until", Instant),
    Column("actor_kind", String(12), nullable=False),
    Column("actor_id", Id),
    Column("client_id", String(64)),
    Column("request_id", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)
Index("ix_jobs_available", jobs.c.queue, jobs.c.priority, jobs.c.id, **_where("state = 'available'"))
Index("ix_jobs_due", jobs.c.run_at, **_where("state IN ('scheduled', 'retryable')"))
Index("ix_jobs_held", jobs.c.lease_until, **_where("state IN ('running', 'canceling')"))
Index("ix_jobs_finished", jobs.c.finished_at, **_where("finished_at IS NOT NULL"))
Index("ix_jobs_actor", jobs.c.actor_id, jobs.c.id)
Index("ix_jobs_state", jobs.c.state, jobs.c.id)
Index("ix_jobs_kind", jobs.c.kind, jobs.c.id)
Index(
    UNIQUE_JOB,
    jobs.c.unique_key,
    unique=True,
    **_where("state IN ('scheduled', 'available', 'running', 'retryable', 'canceling')"),
)

job_schedules = Table(
    "job_schedules",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(60), nullable=False, unique=True),
    Column("kind", String(60), nullable=False),
    Column("queue", String(16), nullable=False),
    Column("args", Json, nullable=False),
    Column("cron", String(100), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("last_fire_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)

job_fires = Table(
    "job_fires",
    metadata,
    Column("schedule_id", Id, ForeignKey("job_schedules.id", ondelete="CASCADE"), nullable=False),
    Column("fire_time", Instant, nullable=False),
    Column("job_id", Id, nullable=False),
    PrimaryKeyConstraint("schedule_id", "fire_time"),
)
Index("ix_job_fires_fire_time", job_fires.c.fire_time)


class JobRow(NamedTuple):
    """A row of jobs."""

    id: UUID
    kind: str
    queue: str
    state: str
    args: Any
    cursor: Any
    total: int | None
    processed: int
    succeeded: int
    failed: int
    skipped: int
    result: Any
    error: Any
    unique_key: str | None
    priority: int
    attempt: int
    max_attempts: int
    lost_leases: int
    run_at: datetime
    lease_token: UUID | None
    lease_until: datetime | None
    actor_kind: str
    actor_id: UUID | None
    client_id: str | None
    request_id: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    revision: int


class ScheduleRow(NamedTuple):
    """A row of job_schedules."""

    id: UUID
    name: str
    kind: str
    queue: str
    args: Any
    cron: str
    zone: str
    enabled: bool
    last_fire_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int


class FireRow(NamedTuple):
    """A row of job_fires."""

    schedule_id: UUID
    fire_time: datetime
    job_id: UUID
