"""The table of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Column, ColumnElement, ForeignKey, Index, Integer, String, Table, Text, literal_column

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import REACH

customers = Table(
    "customers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("display_name", String(200), nullable=False),
    Column("given_name", String(200)),
    Column("family_name", String(200)),
    Column("company_name", String(200)),
    Column("name_key", String(200), nullable=False),
    Column("tax_id", String(40)),
    Column("birthday", String(10)),
    Column("birthday_calendar", String(5)),
    Column("birthday_leap_month", Boolean, nullable=False),
    Column("gender", String(8), nullable=False),
    Column("language", String(35)),
    Column("time_zone", String(64)),
    Column("preferred_channel", String(16)),
    Column("stage", String(16), nullable=False),
    Column("source", String(40), nullable=False),
    Column("owner_id", Id, ForeignKey("users.id")),
    Column("team_id", Id, ForeignKey("teams.id")),
    Column("note", Text),
    # Numbers recognised in the texts above: sealed, the texts keep placeholders (S-25).
    Column("spans", SealedColumn),
    Column("category", String(40)),
    Column("needs", Json),
    # Custom fields by key; null stands for a sensitive value, which is among the sealed ones (S-01).
    Column("custom", Json),
    Column("custom_sealed", SealedColumn),
    # Where values come from, as far as that differs from where the customer came from (rules/provenance.py).
    Column("provenance", Json),
    Column("archived_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    # No foreign key: the row it names stays, and SQLite would have to copy the table to add one.
    Column("merged_into", Id),
    Column("erased_at", Instant),
    info={REACH: "id"},
)
Index("ix_customers_created", customers.c.created_at, customers.c.id)
Index("ix_customers_updated", customers.c.updated_at, customers.c.id)
Index("ix_customers_name", customers.c.name_key, customers.c.id)
Index("ix_customers_stage", customers.c.stage, customers.c.created_at, customers.c.id)
Index("ix_customers_source", customers.c.source, customers.c.created_at, customers.c.id)
_CATEGORISED: ColumnElement[Any] = literal_column("category IS NOT NULL")
Index("ix_customers_category", customers.c.category, customers.c.created_at, customers.c.id,
      postgresql_where=_CATEGORISED, sqlite_where=_CATEGORISED)  # fmt: skip
Index("ix_customers_owner", customers.c.owner_id, customers.c.created_at, customers.c.id)
Index("ix_customers_team", customers.c.team_id, customers.c.created_at, customers.c.id)
# The few that are archived are found without the many that are not.
_ARCHIVED: ColumnElement[Any] = literal_column("archived_at IS NOT NULL")
Index("ix_customers_archived", customers.c.created_at, customers.c.id,
      postgresql_where=_ARCHIVED, sqlite_where=_ARCHIVED)  # fmt: skip


class CustomerRow(NamedTuple):
    """A row of customers. Texts keep placeholders where a number was recognised; `spans` holds those, sealed."""

    id: UUID
    kind: str
    display_name: str
    given_name: str | None
    family_name: str | None
    company_name: str | None
    name_key: str
    tax_id: str | None
    birthday: str | None
    birthday_calendar: str | None
    birthday_leap_month: bool
    gender: str
    language: str | None
    time_zone: str | None
    preferred_channel: str | None
    stage: str
    source: str
    owner_id: UUID | None
    team_id: UUID | None
    note: str | None
    spans: Sealed | None
    category: str | None
    needs: list[str] | None
    custom: dict[str, Any] | None
    custom_sealed: Sealed | None
    provenance: dict[str, Any] | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: int
    merged_into: UUID | None = None
    erased_at: datetime | None = None
