"""Bulk actions and saved filters."""

from __future__ import annotations

revision = "20261122_bulk"
down_revision = "20261122_exports"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
