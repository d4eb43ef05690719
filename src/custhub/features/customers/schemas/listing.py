"""Query parameters of a list of customers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.customers.queries.listing import CustomerSort, Selection
from custhub.features.customers.rules import LifecycleStage, tag_key
from custhub.http.fields import TeamId, Timestamp, UserId
from custhub.security.fields import Field as PolicyField
from custhub.security.principal import Principal

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]

#: Parameter -> the field of the policy whose values it would tell.
_READS = {
    "stage": PolicyField.STAGE,
    "source": PolicyField.SOURCE,
    "owner_id": PolicyField.OWNER,
    "team_id": PolicyField.TEAM,
    "tag": PolicyField.TAGS,
    "country": PolicyField.ADDRESSES,
    "province": PolicyField.ADDRESSES,
    "city": PolicyField.ADDRESSES,
}


class PageQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


class CustomerListQuery(PageQuery):
    """Filters are ANDed; a repeated one is a set."""

    sort: CustomerSort = Field(default=CustomerSort.CREATED_DOWN, description="Order; a minus turns it round")
    stage: list[LifecycleStage] = Field(default=[], max_length=20, description="Lifecycle stages")
    source: list[_Name] = Field(default=[], max_length=50, description="Where the customers came from")
    owner_id: list[UserId] = Field(default=[], max_length=50, description="Who looks after them")
    team_id: list[TeamId] = Field(default=[], max_length=50, description="Which team looks after them")
    tag: list[_Name] = Field(default=[], max_length=50, description="Tags, in any case")
    country: list[_Name] = Field(default=[], max_length=50, description="Countries of an address")
    province: list[_Name] = Field(default=[], max_length=50, description="Provinces of an address")
    city: list[_Name] = Field(default=[], max_length=50, description="Cities of an address")
    created_at_gte: Timestamp | None = Field(default=None, description="Created then or later")
    created_at_lt: Timestamp | None = Field(default=None, description="Created before")
    updated_at_gte: Timestamp | None = Field(default=None, description="Changed then or later")
    updated_at_lt: Timestamp | None = Field(default=None, description="Changed before")
    archived: Literal["false", "true", "any"] = Field(default="false", description="Archived ones too, or only")
    include: list[Literal["can", "total"]] = Field(default=[], max_length=2, description="What else to answer")

    def check(self, who: Principal) -> None:
        """Raise FieldHidden when a filter or the order would tell what this caller's role hides."""
        for name, field in _READS.items():
            if getattr(self, name):
                who.require_readable(field)
        if self.sort.endswith("name"):
            who.require_readable(PolicyField.DISPLAY_NAME)

    def selection(self) -> Selection:
        """Which customers are asked for."""
        filters: dict[str, Any] = {name: values for name in _READS if (values := getattr(self, name))}
        if self.tag:
            filters["tag"] = [tag_key(tag) for tag in self.tag]
        for name in ("created_at_gte", "created_at_lt", "updated_at_gte", "updated_at_lt"):
            if getattr(self, name) is not None:
                filters[name] = getattr(self, name)
        return Selection(filters, self.archived)

    def binding(self) -> list[Any]:
        """What a cursor of this list is bound to: everything but place and size."""
        return [str(self.model_dump(exclude={"cursor", "limit"}))]
