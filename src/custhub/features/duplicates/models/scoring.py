"""The table of models: weights of matching as data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Integer, String, Table, UniqueConstraint

from custhub.kit.db import Id, Instant, Json, metadata

#: The row of the model that comes with the hub: it has neither a version nor a document of its own.
SHIPPED: Final = UUID(int=0)
MODEL_VERSION: Final = "uq_match_models_model_version"

match_models = Table(
    "match_models",
    metadata,
    Column("id", Id, primary_key=True),
    Column("model_version", String(40)),
    # Of the form of weights.json: a release that changes the levels there changes them here too.
    Column("document", Json),
    Column("note", String(200)),
    Column("state", String(8), nullable=False),
    Column("created_by", String(80)),
    Column("created_at", Instant, nullable=False),
    Column("activated_by", String(80)),
    Column("activated_at", Instant),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("model_version", name=MODEL_VERSION),
)


class MatchModelRow(NamedTuple):
    """A row of match_models; queries give that of the shipped model its version and document."""

    id: UUID
    model_version: str
    document: Any
    note: str | None
    state: str
    created_by: str | None
    created_at: datetime
    activated_by: str | None
    activated_at: datetime | None
    updated_at: datetime
    revision: int

    @property
    def is_shipped(self) -> bool:
        """Whether it comes with the hub."""
        return self.id == SHIPPED
