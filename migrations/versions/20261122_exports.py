"""Exports and links for people."""

from __future__ import annotations

revision = "20261122_exports"
down_revision = "20261122_imports"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
