"""Webhook endpoints, their health and secrets, deliveries with their attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant, Json

revision = "20261122_webhooks"
down_revision = "20261122_jobs"


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", Id(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("event_types", Json(), nullable=False),
        sa.Column("filter", Json(), nullable=False),
        sa.Column("payload", sa.String(length=8), nullable=False),
        sa.Column("ordering", sa.String(length=8), nullable=False),
        sa.Column("bulk", sa.String(length=8), nullable=False),
        sa.Column("access", Json(), nullable=False),
        sa.Column("owner_id", Id(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("disabled_reason", sa.String(length=8), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("deleted_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_webhook_endpoints_owner_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index(op.f("ix_webhook_endpoints_deleted_at"), "webhook_endpoints", ["deleted_at"], unique=False)
    op.create_index("ix_webhook_endpoints_owner_id", "webhook_endpoints", ["owner_id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", Id(), nullable=False),
        sa.Column("endpoint_id", Id(), nullable=False),
        sa.Column("event_id", Id(), nullable=False),
        sa.Column("replay", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.String(length=80), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("subject_revision", sa.Integer(), nullable=False),
        sa.Column("customer_id", Id(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("lease_token", Id(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(length=24), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "event_id", "endpoint_id", "replay", name=op.f("uq_webhook_deliveries_event_id_endpoint_id_replay")
        ),
    )
    op.create_index("ix_webhook_deliveries_created", "webhook_deliveries", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_webhook_deliveries_customer",
        "webhook_deliveries",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("customer_id IS NOT NULL"),
        sqlite_where=sa.text("customer_id IS NOT NULL"),
    )
    op.create_index(
        "ix_webhook_deliveries_endpoint", "webhook_deliveries", ["endpoint_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_webhook_deliveries_live",
        "webhook_deliveries",
        ["endpoint_id", "next_attempt_at", "position"],
        unique=False,
        postgresql_where=sa.text("state = 'pending' AND replay = 0"),
        sqlite_where=sa.text("state = 'pending' AND replay = 0"),
    )
    op.create_index(
        "ix_webhook_deliveries_open",
        "webhook_deliveries",
        ["endpoint_id", "subject_id", "position"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'sending')"),
        sqlite_where=sa.text("state IN ('pending', 'sending')"),
    )
    op.create_index(
        "ix_webhook_deliveries_replay",
        "webhook_deliveries",
        ["endpoint_id", "next_attempt_at", "position"],
        unique=False,
        postgresql_where=sa.text("state = 'pending' AND replay > 0"),
        sqlite_where=sa.text("state = 'pending' AND replay > 0"),
    )
    op.create_index(
        "ix_webhook_deliveries_sending",
        "webhook_deliveries",
        ["endpoint_id", "lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
        sqlite_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_webhook_deliveries_state", "webhook_deliveries", ["state", "created_at", "id"], unique=False)
    op.create_index(
        "ix_webhook_deliveries_type", "webhook_deliveries", ["event_type", "created_at", "id"], unique=False
    )
    op.create_table(
        "webhook_health",
        sa.Column("endpoint_id", Id(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("succeeded_at", Instant(), nullable=True),
        sa.Column("probe_at", Instant(), nullable=True),
        sa.Column("warned_at", Instant(), nullable=True),
        sa.Column("replays", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name=op.f("fk_webhook_health_endpoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("endpoint_id", name=op.f("pk_webhook_health")),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("id", Id(), nullable=False),
        sa.Column("endpoint_id", Id(), nullable=False),
        sa.Column("secret", SealedColumn(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name=op.f("fk_webhook_secrets_endpoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_secrets")),
    )
    op.create_index(op.f("ix_webhook_secrets_endpoint_id"), "webhook_secrets", ["endpoint_id"], unique=False)
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery_id", Id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=24), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("excerpt", sa.Text(), nullable=True),
        sa.Column("is_withheld", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["webhook_deliveries.id"], name=op.f("fk_webhook_attempts_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_webhook_attempts")),
    )


def downgrade() -> None:
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_secrets")
    op.drop_table("webhook_health")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
