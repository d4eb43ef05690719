"""Table of hot keys: those that the last scan passed over, since too many hold them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Column, Integer, String, Table

from custhub.kit.db import Id, Instant, metadata

hot_keys = Table(
    "hot_keys",
    metadata,
    # As people keep it in match_keys, and as organisations do: nothing of a customer is in them.
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("organisation_key", BigInteger, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("holders", Integer, nullable=False),
    Column("scan_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
)


class HotKeyRow(NamedTuple):
    """A row of hot_keys."""

    key: int
    organisation_key: int
    kind: str
    holders: int
    scan_id: UUID
    created_at: datetime
