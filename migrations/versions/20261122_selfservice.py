"""Links by which customers correct their own data, and what they have still to prove."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant, Json

revision = "20261122_selfservice"
down_revision = "20261122_quality"


def upgrade() -> None:
    op.create_table(
        "self_service_links",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("locale", sa.String(length=2), nullable=True),
        sa.Column("sent_by", sa.String(length=8), nullable=True),
        sa.Column("reminder_id", Id(), nullable=True),
        sa.Column("remind_at", Instant(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("changed", Json(), nullable=False),
        sa.Column("unproven", Json(), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_self_service_links_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_service_links")),
    )
    op.create_index("ix_self_service_links_created", "self_service_links", ["created_at"], unique=False)
    op.create_index("ix_self_service_links_customer", "self_service_links", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_self_service_links_reminder",
        "self_service_links",
        ["reminder_id"],
        unique=False,
        postgresql_where=sa.text("reminder_id IS NOT NULL"),
        sqlite_where=sa.text("reminder_id IS NOT NULL"),
    )
    op.create_table(
        "self_service_changes",
        sa.Column("id", Id(), nullable=False),
        sa.Column("link_id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("field", sa.String(length=8), nullable=False),
        sa.Column("value", SealedColumn(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_expires_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_self_service_changes_customer_id")),
        sa.ForeignKeyConstraint(["link_id"], ["self_service_links.id"], name=op.f("fk_self_service_changes_link_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_service_changes")),
    )
    op.create_index("ix_self_service_changes_created", "self_service_changes", ["created_at"], unique=False)
    op.create_index("ix_self_service_changes_customer", "self_service_changes", ["customer_id"], unique=False)
    op.create_index("ix_self_service_changes_link", "self_service_changes", ["link_id"], unique=False)


def downgrade() -> None:
    op.drop_table("self_service_changes")
    op.drop_table("self_service_links")
