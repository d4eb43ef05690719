"""Findings of scans, verification of numbers, figures over time."""

from __future__ import annotations

revision = "20261122_quality"
down_revision = "20261122_intake"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
