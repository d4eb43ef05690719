"""Jobs and their schedules; a key rotation is the work of a job."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant, Json

revision = "20261122_jobs"
down_revision = "20261122_feed"


def upgrade() -> None:
    op.create_table(
        "job_schedules",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("args", Json(), nullable=False),
        sa.Column("cron", sa.String(length=100), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("last_fire_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_schedules")),
        sa.UniqueConstraint("name", name=op.f("uq_job_schedules_name")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("queue", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("args", Json(), nullable=False),
        sa.Column("cursor", Json(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("processed", sa.BigInteger(), nullable=False),
        sa.Column("succeeded", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.BigInteger(), nullable=False),
        sa.Column("result", Json(), nullable=True),
        sa.Column("error", Json(), nullable=True),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("lost_leases", sa.Integer(), nullable=False),
        sa.Column("run_at", Instant(), nullable=False),
        sa.Column("lease_token", Id(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("client_id", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_actor", "jobs", ["actor_id", "id"], unique=False)
    op.create_index(
        "ix_jobs_available",
        "jobs",
        ["queue", "priority", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'available'"),
        sqlite_where=sa.text("state = 'available'"),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["run_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('scheduled', 'retryable')"),
        sqlite_where=sa.text("state IN ('scheduled', 'retryable')"),
    )
    op.create_index(
        "ix_jobs_finished",
        "jobs",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
        sqlite_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "ix_jobs_held",
        "jobs",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state IN ('running', 'canceling')"),
        sqlite_where=sa.text("state IN ('running', 'canceling')"),
    )
    op.create_index("ix_jobs_kind", "jobs", ["kind", "id"], unique=False)
    op.create_index("ix_jobs_state", "jobs", ["state", "id"], unique=False)
    op.create_index(
        "uq_jobs_unique_key",
        "jobs",
        ["unique_key"],
        unique=True,
        postgresql_where=sa.text("state IN ('scheduled', 'available', 'running', 'retryable', 'canceling')"),
        sqlite_where=sa.text("state IN ('scheduled', 'available', 'running', 'retryable', 'canceling')"),
    )
    op.create_table(
        "job_fires",
        sa.Column("schedule_id", Id(), nullable=False),
        sa.Column("fire_time", Instant(), nullable=False),
        sa.Column("job_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["job_schedules.id"], name=op.f("fk_job_fires_schedule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("schedule_id", "fire_time", name=op.f("pk_job_fires")),
    )
    op.create_index("ix_job_fires_fire_time", "job_fires", ["fire_time"], unique=False)
    # A rotation of the version before has no job: started again, it goes on where it stopped.
    op.execute(
        "UPDATE key_rotations SET state = 'failed', error = 'key_rotation_incomplete', finished_at = updated_at "
        "WHERE state IN ('queued', 'running')"
    )
    op.add_column("key_rotations", sa.Column("job_id", Id(), nullable=True))
    op.drop_column("key_rotations", "runner")
    op.drop_column("key_rotations", "lease_until")


def downgrade() -> None:
    op.add_column("key_rotations", sa.Column("lease_until", Instant(), nullable=True))
    op.add_column("key_rotations", sa.Column("runner", Id(), nullable=True))
    op.drop_column("key_rotations", "job_id")
    op.drop_table("job_fires")
    op.drop_table("jobs")
    op.drop_table("job_schedules")
