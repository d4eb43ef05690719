"""The suppression list."""

from __future__ import annotations

revision = "20261122_suppressions"
down_revision = "20261122_fields"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
