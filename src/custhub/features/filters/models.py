"""The table of saved filters."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from custhub.kit.db import Id, Instant, Json, metadata

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("resource", String(40), nullable=False),
    Column("filter", Json, nullable=False),
    # A user or a partner's client.
    Column("owner_kind", String(12), nullable=False),
    Column("owner_id", Id, nullable=False),
    # Whom it is shared with.
    Column("team_id", Id, ForeignKey("teams.id", ondelete="SET NULL")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("owner_id", "name"),
)
Index("ix_saved_filters_team_id", saved_filters.c.team_id)
FILTER_NAME = "uq_saved_filters_owner_id_name"


class SavedFilterRow(NamedTuple):
    """A row of saved_filters."""

    id: UUID
    name: str
    resource: str
    filter: Any
    owner_kind: str
    owner_id: UUID
    team_id: UUID | None
    created_at: datetime
    updated_at: datetime
    revision: int
