"""Vocabularies, custom fields, provenance, findings."""

from __future__ import annotations

revision = "20261122_fields"
down_revision = "20261122_search"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
