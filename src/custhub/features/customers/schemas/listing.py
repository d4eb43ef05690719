"""Query parameters of a list of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.customers.errors import FilterNotSupported
from custhub.features.customers.queries.listing import CustomerSort, Selection
from custhub.features.customers.rules import tag_key
from custhub.features.customers.schemas.bodies import VocabularyEntry
from custhub.features.fields.rules import Access
from custhub.features.fields.rules.schema import filter_text
from custhub.http.fields import Body, Read, SavedFilterId, TeamId, Timestamp, UserId
from custhub.http.issues import issue
from custhub.kit.errors import Location
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field as PolicyField
from custhub.security.principal import FieldHidden, Principal

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
_Shown = Annotated[str, StringConstraints(max_length=100)]

#: Parameter -> the field of the policy whose values it would tell.
_READS = {
    "stage": PolicyField.STAGE,
    "category": PolicyField.CATEGORY,
    "need": PolicyField.NEEDS,
    "source": PolicyField.SOURCE,
    "owner_id": PolicyField.OWNER,
    "team_id": PolicyField.TEAM,
    "tag": PolicyField.TAGS,
    "country": PolicyField.ADDRESSES,
    "province": PolicyField.ADDRESSES,
    "city": PolicyField.ADDRESSES,
}
_TOLD = _READS | {"custom": PolicyField.CUSTOM_FIELDS}
CustomFilter = Annotated[
    str, StringConstraints(min_length=3, max_length=242, pattern="^[a-z][a-z0-9_]{0,39}:[^\\u0000-\\u001f]+$")
]


_IDS = {"owner_id": Prefix.USER, "team_id": Prefix.TEAM}


class PageQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


class CustomerFilters(BaseModel):
    """Which customers: filters are ANDed, a list is a set."""

    stage: list[VocabularyEntry] = Field(default=[], max_length=20, description="Stages, by key")
    category: list[VocabularyEntry] = Field(default=[], max_length=20, description="Categories, by key")
    need: list[VocabularyEntry] = Field(default=[], max_length=20, description="Needs, by key")
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
    custom: list[CustomFilter] = Field(
        default=[], max_length=20, description="`key:value` of a filterable custom field; several of one key are a set"
    )

    def check(self, who: Principal, access: Access, body: str | None = None) -> None:
        """Raise FieldHidden, CustomFieldUnknown, FilterNotSupported for filters that this caller cannot use.

        A filter must not tell what the caller's role hides. `body` is the pointer to the filters where they stand in a
        body.
        """
        for name, field in _TOLD.items():
            if getattr(self, name) and not who.policy.may_read(field):
                raise FieldHidden(field if body is None else name, body)
        location: Location = "query" if body is None else "body"
        for text in self.custom:
            pointer = f"{body or '#'}/custom"
            if not access.definition(text.partition(":")[0], location, pointer).filterable:
                raise FilterNotSupported(issues=[issue(pointer, FilterNotSupported.code, location)])

    def selection(self, access: Access) -> Selection:
        """Which customers are asked for. A custom field that this caller does not see any more finds nobody."""
        filters: dict[str, Any] = {name: values for name in _READS if (values := getattr(self, name))}
        if self.tag:
            filters["tag"] = [tag_key(tag) for tag in self.tag]
        for name in ("created_at_gte", "created_at_lt", "updated_at_gte", "updated_at_lt"):
            if getattr(self, name) is not None:
                filters[name] = getattr(self, name)
        if self.custom:
            filters["custom"] = _custom(self.custom, access)
        return Selection(filters, self.archived)

    def stored(self) -> dict[str, Any]:
        """The filters that were given, as JSON: what a body holds, and what is kept of it."""
        shown = self.shown()
        return {name: shown[name] for name in self.model_fields_set & shown.keys()}

    def shown(self) -> dict[str, Any]:
        """All filters as JSON, those that ask for nothing too."""
        shown = self.model_dump(mode="json", include=set(CustomerFilters.model_fields))
        return shown | {
            name: [to_text(prefix, value) for value in getattr(self, name)] for name, prefix in _IDS.items()
        }


class CustomerFilter(CustomerFilters, Body):
    """Which customers, as a body: the filters of their list. Empty: all live ones."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"stage": ["lead"], "tag": ["trade-fair"]}]})


class CustomerFilterRead(Read):
    """Which customers a filter selects."""

    stage: Annotated[list[_Shown], Field(max_length=50)]
    category: Annotated[list[_Shown], Field(max_length=50)]
    need: Annotated[list[_Shown], Field(max_length=50)]
    source: Annotated[list[_Shown], Field(max_length=50)]
    owner_id: Annotated[list[UserId], Field(max_length=50)]
    team_id: Annotated[list[TeamId], Field(max_length=50)]
    tag: Annotated[list[_Shown], Field(max_length=50)]
    country: Annotated[list[_Shown], Field(max_length=50)]
    province: Annotated[list[_Shown], Field(max_length=50)]
    city: Annotated[list[_Shown], Field(max_length=50)]
    created_at_gte: datetime | None
    created_at_lt: datetime | None
    updated_at_gte: datetime | None
    updated_at_lt: datetime | None
    archived: Annotated[str, StringConstraints(max_length=5)]
    custom: Annotated[list[Annotated[str, StringConstraints(max_length=242)]], Field(max_length=20)]


class CustomerListQuery(CustomerFilters, PageQuery):
    """Filters are ANDed; a repeated one is a set."""

    sort: CustomerSort = Field(default=CustomerSort.CREATED_DOWN, description="Order; a minus turns it round")
    include: list[Literal["can", "total", "completeness"]] = Field(
        default=[], max_length=3, description="What else to answer"
    )
    saved_filter_id: SavedFilterId | None = Field(
        default=None, description="A saved filter; a filter given beside it replaces the saved one of that name"
    )

    def check(self, who: Principal, access: Access, body: str | None = None) -> None:
        """As of filters; raise FieldHidden also when the order would tell what this caller's role hides."""
        super().check(who, access, body)
        if self.sort.endswith("name"):
            who.require_readable(PolicyField.DISPLAY_NAME)

    def with_saved(self, saved: CustomerFilter) -> CustomerListQuery:
        """These parameters, and of the saved filter what they leave open."""
        own = self.model_fields_set
        return self.model_copy(update={name: getattr(saved, name) for name in saved.model_fields_set - own})

    def binding(self) -> list[Any]:
        """What a cursor of this list is bound to: everything but place and size."""
        return [str(self.model_dump(exclude={"cursor", "limit"}))]


def _custom(asked: list[str], access: Access) -> dict[str, list[str]]:
    """Field -> texts to compare with. A text that is no value of its field finds nobody."""
    found: dict[str, list[str]] = {}
    for text in asked:
        key, _, value = text.partition(":")
        texts = found.setdefault(f"custom_fields.{key}", [])
        known = access.readable.get(key)
        if known is not None and (wanted := filter_text(known.schema, value)) is not None:
            texts.append(wanted)
    return found
