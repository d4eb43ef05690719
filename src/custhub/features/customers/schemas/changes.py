"""Bodies of the sync of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from custhub.features.customers.queries.changes import ChangedRow
from custhub.features.customers.schemas.answers import Cursor
from custhub.features.customers.schemas.listing import PageQuery
from custhub.http.fields import CustomerId, Read, Revision, Timestamp
from custhub.kit.ids import Prefix, text_or_none, to_text

State = Literal["live", "archived", "merged", "erased"]


class CustomerChangesQuery(PageQuery):
    """From when on."""

    updated_at_gte: Timestamp | None = Field(default=None, description="Changed then or later; without it: all")


class CustomerChangeRead(Read):
    """That a customer changed, and where it stands."""

    id: CustomerId
    object: Literal["customer_change"]
    state: Annotated[str, StringConstraints(max_length=20)] = Field(
        description="`live`, `archived`, `merged` or `erased`", examples=["live"]
    )
    merged_into: CustomerId | None = Field(description="Which customer it became part of")
    updated_at: datetime
    revision: Revision


class CustomerChangePage(Read):
    """A page of changes, oldest first."""

    data: Annotated[list[CustomerChangeRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool
    synced_until: datetime | None = Field(
        description="On the last page: begin the next walk with it as `updated_at_gte`; null before"
    )


def state_of(row: ChangedRow) -> State:
    """Where a customer stands."""
    if row.erased_at is not None:
        return "erased"
    if row.merged_into is not None:
        return "merged"
    return "live" if row.archived_at is None else "archived"


def change_view(row: ChangedRow) -> dict[str, Any]:
    """The body of one change."""
    return {
        "id": to_text(Prefix.CUSTOMER, row.id),
        "object": "customer_change",
        "state": state_of(row),
        "merged_into": text_or_none(Prefix.CUSTOMER, row.merged_into),
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
