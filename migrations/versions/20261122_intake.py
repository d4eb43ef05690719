"""Touchpoints, and claims of upserts."""

from __future__ import annotations

revision = "20261122_intake"
down_revision = "20261122_consents"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
