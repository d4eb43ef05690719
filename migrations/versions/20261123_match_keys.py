"""Keys under which records of one person meet, and pairs that never join."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant, Json
from custhub.kit.ids import new_id

revision = "20261123_match_keys"
down_revision = "20261122_selfservice"

_KIND = "match_key_rebuild"
_customers = sa.table("customers", sa.column("id", Id()))
_jobs = sa.table(
    "jobs",
    *(sa.column(name, Id()) for name in ("id",)),
    *(sa.column(name, sa.String()) for name in ("kind", "queue", "state", "unique_key", "actor_kind", "request_id")),
    *(sa.column(name, sa.Integer()) for name in (
        "processed", "succeeded", "failed", "skipped", "priority", "attempt", "max_attempts", "lost_leases", "revision",
    )),
    *(sa.column(name, Instant()) for name in ("run_at", "created_at", "updated_at")),
    sa.column("args", Json()),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "match_keys",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("key", "customer_id", name=op.f("pk_match_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_match_keys_customer", "match_keys", ["customer_id"], unique=False)
    op.create_table(
        "cannot_links",
        sa.Column("left_id", Id(), nullable=False),
        sa.Column("right_id", Id(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f("pk_cannot_links")),
    )
    op.create_index("ix_cannot_links_right", "cannot_links", ["right_id"], unique=False)
    _queue_rebuild(op.get_bind())


def downgrade() -> None:
    connection = op.get_bind()
    connection.execute(sa.delete(_jobs).where(_jobs.c.kind == _KIND))
    op.drop_table("cannot_links")
    op.drop_table("match_keys")


def _queue_rebuild(connection: sa.Connection) -> None:
    """Customers from before get their keys by a job: numbers are sealed, and the migration has no keys to open them."""
    if connection.execute(sa.select(_customers.c.id).limit(1)).first() is None:
        return
    now = datetime.now(UTC)
    zero = dict.fromkeys(("processed", "succeeded", "failed", "skipped", "priority", "attempt", "lost_leases"), 0)
    connection.execute(
        sa.insert(_jobs).values(
            id=new_id(),
            kind=_KIND,
            queue="maintenance",
            state="available",
            unique_key=_KIND,
            actor_kind="system",
            request_id="migration",
            max_attempts=8,
            revision=1,
            run_at=now,
            created_at=now,
            updated_at=now,
            args={},
            **zero,
        )
    )
