"""Claims of match keys: parallel upserts of one person meet here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id

revision = "20261122_upserts"
down_revision = "20261122_consents"


def upgrade() -> None:
    op.create_table(
        "match_claims",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("customer_id", Id(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_match_claims")),
    )
    op.create_index("ix_match_claims_customer", "match_claims", ["customer_id"], unique=False)


def downgrade() -> None:
    op.drop_table("match_claims")
