"""Stored files."""

from __future__ import annotations

revision = "20261122_files"
down_revision = "20261122_intake"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
