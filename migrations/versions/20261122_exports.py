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
    op.create_table(
        "exports",
        sa.Column("id", Id(), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("columns", Json(), nullable=True),
        sa.Column("selection", Json(), nullable=False),
        sa.Column("is_unmasked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("access", Json(), nullable=False),
        sa.Column("actor_id", Id(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("cut", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_id", Id(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_actor", "exports", ["actor_id", "id"], unique=False)
    op.create_index("ix_exports_created", "exports", ["created_at"], unique=False)
    op.create_table(
        "export_parts",
        sa.Column("export_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_id", Id(), nullable=False),
        sa.Column("last_id", Id(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["exports.id"], name=op.f("fk_export_parts_export_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_export_parts")),
    )
    op.create_index("ix_export_parts_created", "export_parts", ["created_at"], unique=False)
    op.create_index("ix_export_parts_ids", "export_parts", ["first_id", "last_id"], unique=False)


def downgrade() -> None:
    op.drop_table("export_parts")
    op.drop_table("exports")
    op.drop_table("link_tokens")
