"""The suppression list, and which of its entries holds a number or an address back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.crypto.columns import SealedColumn
from custhub.kit.db import Id, Instant

revision = "20261122_suppressions"
down_revision = "20261122_fields"


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", Id(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.Column("lifted_by", sa.String(length=40), nullable=True),
        sa.Column("lift_reason", sa.String(length=20), nullable=True),
        sa.Column("evidence", SealedColumn(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index("ix_suppressions_channel", "suppressions", ["channel", "id"], unique=False)
    op.create_index("ix_suppressions_kind", "suppressions", ["kind", "id"], unique=False)
    op.create_table(
        "suppression_hashes",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kid", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("suppression_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["suppression_id"], ["suppressions.id"], name=op.f("fk_suppression_hashes_suppression_id")
        ),
        sa.PrimaryKeyConstraint("hash", "kid", "kind", name=op.f("pk_suppression_hashes")),
    )
    op.create_index("ix_suppression_hashes_suppression", "suppression_hashes", ["suppression_id"], unique=False)
    for table in ("customer_phones", "customer_emails"):
        op.add_column(table, sa.Column("suppressed_by", Id(), nullable=True))
        op.create_index(
            f"ix_{table}_suppressed",
            table,
            ["suppressed_by"],
            unique=False,
            postgresql_where=sa.text("suppressed_by IS NOT NULL"),
            sqlite_where=sa.text("suppressed_by IS NOT NULL"),
        )


def downgrade() -> None:
    for table in ("customer_phones", "customer_emails"):
        op.drop_index(f"ix_{table}_suppressed", table_name=table)
        op.drop_column(table, "suppressed_by")
    op.drop_table("suppression_hashes")
    op.drop_table("suppressions")
