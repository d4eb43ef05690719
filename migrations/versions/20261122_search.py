"""Search tokens of customers."""

from __future__ import annotations

revision = "20261122_search"
down_revision = "20261122_messages"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
