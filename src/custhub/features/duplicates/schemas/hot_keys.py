"""Bodies of hot keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from custhub.features.duplicates.queries import HotKeyRow
from custhub.features.duplicates.schemas.scans import Count, DuplicateScanQuery
from custhub.features.matching.rules.blocking import BlockKind
from custhub.http.fields import CustomerId, DuplicateScanId, Read
from custhub.kit.ids import Prefix, to_text

_Cursor = Annotated[str, StringConstraints(max_length=500)]


class HotKeyQuery(DuplicateScanQuery):
    """Place and size of a page."""


class HotKeyRead(Read):
    """Something that so many customers share that it brings none of them together. Its count is of the whole hub."""

    object: Literal["hot_key"]
    kind: BlockKind = Field(description="What they share")
    holders: Count = Field(description="Customers that shared it when it was counted")
    customer_ids: Annotated[
        list[CustomerId], Field(max_length=3, description="Some who share it now, within your reach")
    ]
    scan_id: DuplicateScanId
    created_at: datetime


class HotKeyPage(Read):
    """A page of hot keys, those of most holders first."""

    data: Annotated[list[HotKeyRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def hot_key_view(row: HotKeyRow, some: Sequence[UUID]) -> dict[str, Any]:
    """The body of a hot key, with some who hold it."""
    return {
        "object": "hot_key",
        "kind": row.kind,
        "holders": row.holders,
        "customer_ids": [to_text(Prefix.CUSTOMER, one) for one in some],
        "scan_id": to_text(Prefix.DUPLICATE_SCAN, row.scan_id),
        "created_at": row.created_at,
    }
