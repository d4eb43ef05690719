"""The event feed: positions, epochs, latest event per subject."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant

revision = "20261122_feed"
down_revision = "20261122_foundation"

_UNASSIGNED = sa.text("position IS NULL")
_NORMAL = sa.text("position IS NULL AND bulk_id IS NULL")
_BULK = sa.text("position IS NULL AND bulk_id IS NOT NULL")
_PLACED = sa.text("position IS NOT NULL")


def upgrade() -> None:
    epochs = op.create_table(
        "event_epochs",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_event_epochs")),
    )
    head = op.create_table(
        "event_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("compacted", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_head")),
    )
    op.create_table(
        "event_states",
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("live", sa.BigInteger(), nullable=False),
        sa.Column("checksum", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("subject_type", name=op.f("pk_event_states")),
    )
    op.create_table(
        "event_subjects",
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "subject_type", name=op.f("pk_event_subjects")),
    )
    op.add_column("events", sa.Column("bulk_id", Id(), nullable=True))
    op.drop_index("uq_events_position", table_name="events")
    op.drop_index("ix_events_unassigned", table_name="events")
    op.create_index("ix_events_type", "events", ["type", "position"], postgresql_where=_PLACED, sqlite_where=_PLACED)
    op.create_index("ix_events_unassigned", "events", ["id"], postgresql_where=_NORMAL, sqlite_where=_NORMAL)
    op.create_index("ix_events_unassigned_bulk", "events", ["id"], postgresql_where=_BULK, sqlite_where=_BULK)
    op.create_index(
        "uq_events_position", "events", ["position"], unique=True, postgresql_where=_PLACED, sqlite_where=_PLACED
    )
    # The first life of the feed. What is in the outbox already gets its positions from the relay.
    started = {"epoch": 1, "started_at": datetime.now(UTC), "position": 0, "reason": "start"}
    op.bulk_insert(epochs, [started])
    op.bulk_insert(head, [{"id": 1, "epoch": 1, "position": 0, "compacted": 0}])


def downgrade() -> None:
    for name in ("uq_events_position", "ix_events_unassigned_bulk", "ix_events_unassigned", "ix_events_type"):
        op.drop_index(name, table_name="events")
    op.create_index("uq_events_position", "events", ["epoch", "position"], unique=True)
    op.create_index("ix_events_unassigned", "events", ["id"], postgresql_where=_UNASSIGNED, sqlite_where=_UNASSIGNED)
    op.drop_column("events", "bulk_id")
    for name in ("event_subjects", "event_states", "event_head", "event_epochs"):
        op.drop_table(name)
