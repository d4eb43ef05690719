"""Keys under which records of one person meet, and pairs that never join."""

from __future__ import annotations

revision = "20261123_match_keys"
down_revision = "20261122_selfservice"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
