"""Search: what is asked, and what was found where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from custhub.features.customers.rules.search import MAX_QUERY
from custhub.features.customers.schemas.answers import CustomerRead
from custhub.features.customers.schemas.listing import CustomerFilter
from custhub.http.fields import Body, Read

#: Longer than those of lists: it holds the place in a name.
_Cursor = Annotated[str, StringConstraints(max_length=2_000)]
_Place = Annotated[int, Field(ge=0, le=1_000, json_schema_extra={"format": "int32"})]


class CustomerSearch(Body):
    """What somebody types to find a customer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"q": "zhangsf", "filters": {"stage": ["active"]}, "limit": 20}]}
    )

    q: Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY)] = Field(
        description="A name or part of it in ideographs, pinyin or initials; a company, an e-mail address or its "
        "domain, an external id, a tax id; or a phone number",
        repr=False,
    )
    filters: CustomerFilter = Field(default=CustomerFilter(), description="Which customers to search")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")
    limit: int = Field(default=50, ge=1, le=200, description="Customers per page")

    def binding(self) -> list[Any]:
        """What a cursor of this search is bound to: everything but place and size."""
        return [self.q, str(self.filters.model_dump())]


class MatchedRange(Read):
    """Characters that the query met: from `start` on, up to `end`, counted in Unicode code points."""

    start: _Place
    end: _Place


class CustomerMatched(Read):
    """Where the query met the customer."""

    field: Annotated[str, StringConstraints(max_length=40)] = Field(
        description="`display_name`, `full_name` (family and given name), `company_name`, `emails`, `external_ids`, "
        "`tax_id` or `phones`"
    )
    text: Annotated[str, StringConstraints(max_length=1_000)] | None
    ranges: Annotated[list[MatchedRange], Field(max_length=100)]


class CustomerHit(Read):
    """A customer that was found."""

    customer: CustomerRead
    matched: CustomerMatched


class CustomerHits(Read):
    """Customers that were found, the best ones first."""

    data: Annotated[list[CustomerHit], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def matched_view(field: str, text: str | None, ranges: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Where a query met a customer."""
    return {"field": field, "text": text, "ranges": [{"start": start, "end": end} for start, end in ranges]}
