"""Hot keys: what so many customers share that it brings none of them together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant

revision = "20261124_hot_keys"
down_revision = "20261124_match_models"


def upgrade() -> None:
    op.create_table(
        "hot_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organisation_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("holders", sa.Integer(), nullable=False),
        sa.Column("scan_id", Id(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_hot_keys")),
    )


def downgrade() -> None:
    op.drop_table("hot_keys")
