"""Exports and links for people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant, Json

revision = "20261122_exports"
down_revision = "20261122_imports"


def upgrade() -> None:
    op.create_table(
        "link_tokens",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=24), nullable=False),
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("args", Json(), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("actor_kind", sa.String(length=12), nullable=False),
        sa.Column("actor_id", Id(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_link_tokens")),
    )
    op.create_index(
        "ix_link_tokens_customer",
        "link_tokens",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
        sqlite_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_index("ix_link_tokens_expires", "link_tokens", ["expires_at"], unique=False)
    op.create_index("ix_link_tokens_subject", "link_tokens", ["subject_id"], unique=False)


def downgrade() -> None:
    op.drop_table("link_tokens")
