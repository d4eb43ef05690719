"""Models of matching: weights as data, the shipped one among them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from custhub.kit.db import Id, Instant, Json

revision = "20261124_match_models"
down_revision = "20261123_merges"

_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    models = op.create_table(
        "match_models",
        sa.Column("id", Id(), nullable=False),
        sa.Column("model_version", sa.String(length=40), nullable=True),
        sa.Column("document", Json(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("activated_by", sa.String(length=80), nullable=True),
        sa.Column("activated_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_models")),
        sa.UniqueConstraint("model_version", name="uq_match_models_model_version"),
    )
    # The shipped model: its version and its weights come with the hub.
    op.bulk_insert(
        models,
        [
            {
                "id": UUID(int=0),
                "state": "active",
                "created_at": _MADE_AT,
                "updated_at": _MADE_AT,
                "revision": 1,
            }
        ],
    )


def downgrade() -> None:
    op.drop_table("match_models")
