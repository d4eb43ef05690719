"""Touchpoints: where and when somebody was met, append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant, Json

revision = "20261122_intake"
down_revision = "20261122_before_images"


def upgrade() -> None:
    op.create_table(
        "touchpoints",
        sa.Column("id", Id(), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("campaign", sa.String(length=100), nullable=True),
        sa.Column("form", sa.String(length=100), nullable=True),
        sa.Column("device_id", sa.String(length=64), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("fields", Json(), nullable=False),
        sa.Column("content", SealedColumn(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_touchpoints_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touchpoints")),
        sa.UniqueConstraint("digest", name=op.f("uq_touchpoints_digest")),
    )
    op.create_index("ix_touchpoints_customer", "touchpoints", ["customer_id", "id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION touchpoint_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'touchpoints are append-only' USING ERRCODE = 'restrict_violation'; END $$"
        )
        op.execute(
            "CREATE TRIGGER touchpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON touchpoints "
            "FOR EACH STATEMENT EXECUTE FUNCTION touchpoint_refuse_change()"
        )
    else:
        for operation in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER touchpoints_no_{operation.lower()} BEFORE {operation} ON touchpoints "
                "BEGIN SELECT RAISE(ABORT, 'touchpoints are append-only'); END"
            )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER touchpoints_append_only ON touchpoints")
        op.execute("DROP FUNCTION touchpoint_refuse_change()")
    op.drop_table("touchpoints")
