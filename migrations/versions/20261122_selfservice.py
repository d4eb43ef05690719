"""What customers asked to change through a link of theirs."""

from __future__ import annotations

revision = "20261122_selfservice"
down_revision = "20261122_quality"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
