"""Imports and mapping profiles."""

from __future__ import annotations

revision = "20261122_imports"
down_revision = "20261122_files"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
