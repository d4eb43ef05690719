"""Merges: what was joined, by which plan, and what it takes to undo it."""

from __future__ import annotations

revision = "20261123_merges"
down_revision = "20261123_duplicates"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
