"""Merges: what was joined, by which plan, and what it takes to undo it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant, Json

revision = "20261123_merges"
down_revision = "20261123_duplicates"


def upgrade() -> None:
    op.create_table(
        "merges",
        sa.Column("id", Id(), nullable=False),
        sa.Column("survivor_id", Id(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("plan", SealedColumn(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("undone_by", sa.String(length=80), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("outcome", SealedColumn(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index("ix_merges_survivor", "merges", ["survivor_id", "id"], unique=False)
    op.create_index("ix_merges_created", "merges", ["created_at", "id"], unique=False)
    op.create_table(
        "merge_members",
        sa.Column("merge_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("revision_before", sa.Integer(), nullable=False),
        sa.Column("revision_after", sa.Integer(), nullable=False),
        sa.Column("image", SealedColumn(), nullable=True),
        sa.Column("moved", Json(), nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("fk_merge_members_merge_id")),
        sa.PrimaryKeyConstraint("merge_id", "customer_id", name=op.f("pk_merge_members")),
    )
    op.create_index("ix_merge_members_customer", "merge_members", ["customer_id", "merge_id"], unique=False)


def downgrade() -> None:
    op.drop_table("merge_members")
    op.drop_table("merges")
