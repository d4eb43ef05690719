"""The consent ledger."""

from __future__ import annotations

revision = "20261122_consents"
down_revision = "20261122_suppressions"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
