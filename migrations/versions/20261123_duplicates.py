"""Pairs that may be one person, the scans that found them, and what people decided."""

from __future__ import annotations

revision = "20261123_duplicates"
down_revision = "20261123_match_keys"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
