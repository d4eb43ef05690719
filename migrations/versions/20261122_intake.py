"""Touchpoints: where and when somebody was met."""

from __future__ import annotations

revision = "20261122_intake"
down_revision = "20261122_before_images"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
