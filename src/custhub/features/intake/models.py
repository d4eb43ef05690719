"""Table of touchpoints: what forms and devices sent in, one row each. Triggers keep rows from being changed."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, UniqueConstraint

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, Json, metadata
from custhub.kit.query import REACH

SENT_BEFORE = "uq_touchpoints_digest"

touchpoints = Table(
    "touchpoints",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("source", String(40), nullable=False),
    Column("channel", String(40)),
    Column("campaign", String(100)),
    Column("form", String(100)),
    Column("device_id", String(64)),
    Column("sequence", BigInteger),
    Column("occurred_at", Instant, nullable=False),
    Column("outcome", String(10), nullable=False),
    # Names of the fields it spoke of. What it said is sealed under the customer's key, as it was sent.
    Column("fields", Json, nullable=False),
    Column("content", SealedColumn, nullable=False),
    # A keyed hash of who sent what: the same again is not another one.
    Column("digest", LargeBinary(32), nullable=False),
    Column("recorded_by", String(40), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("digest", name=SENT_BEFORE),
    info={REACH: "customer_id"},
)
Index("ix_touchpoints_customer", touchpoints.c.customer_id, touchpoints.c.id)


class TouchpointRow(NamedTuple):
    """A row of touchpoints."""

    id: UUID
    customer_id: UUID
    source: str
    channel: str | None
    campaign: str | None
    form: str | None
    device_id: str | None
    sequence: int | None
    occurred_at: datetime
    outcome: str
    fields: list[str]
    content: Sealed
    digest: bytes
    recorded_by: str
    created_at: datetime
