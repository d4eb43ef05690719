"""Bulk actions, saved filters, and what the sync of customers tells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant, Json

revision = "20261122_bulk"
down_revision = "20261122_exports"


def upgrade() -> None:
    op.add_column("customers", sa.Column("merged_into", Id(), nullable=True))
    op.add_column("customers", sa.Column("erased_at", Instant(), nullable=True))
    op.create_table(
        "saved_filters",
        sa.Column("id", Id(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("filter", Json(), nullable=False),
        sa.Column("owner_kind", sa.String(length=12), nullable=False),
        sa.Column("owner_id", Id(), nullable=False),
        sa.Column("team_id", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_saved_filters_team_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_saved_filters_owner_id_name")),
    )
    op.create_index("ix_saved_filters_team_id", "saved_filters", ["team_id"], unique=False)
    op.create_table(
        "bulk_actions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("action", Json(), nullable=False),
        sa.Column("selection", Json(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("access", Json(), nullable=False),
        sa.Column("actor_id", Id(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("unchanged", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("undo_job_id", Id(), nullable=True),
        sa.Column("undo_access", Json(), nullable=True),
        sa.Column("restored", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_actions")),
    )
    op.create_index("ix_bulk_actions_actor", "bulk_actions", ["actor_id", "id"], unique=False)
    op.create_index("ix_bulk_actions_created", "bulk_actions", ["created_at"], unique=False)
    op.create_table(
        "bulk_action_rows",
        sa.Column("bulk_action_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("before", Json(), nullable=True),
        sa.Column("undo_outcome", sa.String(length=10), nullable=True),
        sa.Column("undo_error", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["bulk_action_id"],
            ["bulk_actions.id"],
            name=op.f("fk_bulk_action_rows_bulk_action_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("bulk_action_id", "customer_id", name=op.f("pk_bulk_action_rows")),
    )
    op.create_index("ix_bulk_action_rows_customer", "bulk_action_rows", ["customer_id"], unique=False)


def downgrade() -> None:
    op.drop_table("bulk_action_rows")
    op.drop_table("bulk_actions")
    op.drop_table("saved_filters")
    op.drop_column("customers", "erased_at")
    op.drop_column("customers", "merged_into")
