"""Bodies of saved filters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.features.customers.schemas.listing import CustomerFilter, CustomerFilterRead, PageQuery
from custhub.features.filters.queries import SavedFilterRow
from custhub.http.fields import LINE, Body, Read, Revision, SavedFilterId, TeamId
from custhub.kit.ids import Prefix, text_or_none, to_text

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=LINE)]
_OWNERS = {"user": Prefix.USER, "client": Prefix.CLIENT, "operator": Prefix.CLIENT}
_TAIL = "_[0-7][0-9a-hjkmnp-tv-z]{25}$"


class SavedFilterQuery(PageQuery):
    """Place and size of a page."""


class SavedFilterCreate(Body):
    """A filter to keep."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Leads of the trade fair", "filter": {"stage": ["lead"]}}]}
    )

    name: _Name
    resource: Literal["customers"] = Field(default="customers", description="What it selects")
    filter: CustomerFilter
    team_id: TeamId | None = Field(default=None, description="Whom it is shared with; only you without it")


class SavedFilterPatch(Body):
    """What may change of a saved filter; `filter` is replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Leads of 2026", "team_id": None}]})

    name: _Name = ""
    filter: CustomerFilter = CustomerFilter()
    team_id: TeamId | None = None


class SavedFilterRead(Read):
    """A saved filter."""

    id: SavedFilterId
    object: Literal["saved_filter"]
    name: Annotated[str, StringConstraints(max_length=100)]
    resource: Annotated[str, StringConstraints(max_length=40)]
    filter: CustomerFilterRead
    owner_id: Annotated[str, StringConstraints(max_length=30, pattern=f"^(usr|cli){_TAIL}")]
    team_id: TeamId | None
    created_at: datetime
    updated_at: datetime
    revision: Revision


class SavedFilterPage(Read):
    """A page of saved filters."""

    data: Annotated[list[SavedFilterRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


def filter_view(row: SavedFilterRow) -> dict[str, Any]:
    """The body of a saved filter."""
    return {
        "id": to_text(Prefix.SAVED_FILTER, row.id),
        "object": "saved_filter",
        "name": row.name,
        "resource": row.resource,
        "filter": CustomerFilter.model_validate(row.filter).shown(),
        "owner_id": to_text(_OWNERS[row.owner_kind], row.owner_id),
        "team_id": text_or_none(Prefix.TEAM, row.team_id),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def filter_etag(row: SavedFilterRow) -> str:
    """The entity tag of a saved filter."""
    return f'"{row.revision}-00000000"'
