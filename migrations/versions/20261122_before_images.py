"""What rows of imports were before they were changed."""

from __future__ import annotations

revision = "20261122_before_images"
down_revision = "20261122_bulk"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
