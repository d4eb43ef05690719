"""Routes of saved filters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.customers.deps import CanRead, IfMatch
from custhub.features.customers.errors import FilterNotSupported, SavedFilterNotFound, TeamUnknown
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.fields.service.catalogue import CATALOGUE, access_of
from custhub.features.filters.errors import SavedFilterExists, SavedFilterNotYours
from custhub.features.filters.queries import page_of_filters
from custhub.features.filters.schemas import (
    SavedFilterCreate,
    SavedFilterPage,
    SavedFilterPatch,
    SavedFilterQuery,
    SavedFilterRead,
    filter_etag,
    filter_view,
)
from custhub.features.filters.service import SavedFilters, find_filter
from custhub.http.answers import created, next_url, no_content, not_modified, ok, page
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import SavedFilterId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldHidden

router = hub_router("/v1/saved-filters", "saved-filters")


@router.get("", response_model=SavedFilterPage)
async def list_saved_filters(
    request: Request, query: Annotated[SavedFilterQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List your saved filters and those shared with your teams, in the order in which they were made."""
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "saved filters"])
    found = await page_of_filters(call.hub.database, who, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([filter_view(row) for row in found.items], cursor, next_url(request, cursor))


@router.post(
    "",
    status_code=201,
    response_model=SavedFilterRead,
    responses=problems(SavedFilterExists, FieldHidden, TeamUnknown, FilterNotSupported, CustomFieldUnknown),
)
async def create_saved_filter(body: SavedFilterCreate, who: CanRead, uow: Uow, call: TheCall) -> Response:
    """Save a filter under a name, for yourself or shared with a team.

    Use it in the list of customers (`saved_filter_id`), in bulk actions and in exports. It selects what whoever
    uses it may reach.
    """
    row = await SavedFilters(uow, who, access_of(call.hub.parts[CATALOGUE].value, who)).create(body)
    view = filter_view(row)
    return created(view, f"/v1/saved-filters/{view['id']}", filter_etag(row))


@router.get(
    "/{saved_filter_id}",
    response_model=SavedFilterRead,
    responses=problems(SavedFilterNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_saved_filter(saved_filter_id: SavedFilterId, who: CanRead, call: TheCall) -> Response:
    """Get one saved filter."""
    row = await find_filter(call.hub.database, who, saved_filter_id)
    etag = filter_etag(row)
    return not_modified(etag) if call.has_seen(etag) else ok(filter_view(row), etag)


@router.patch(
    "/{saved_filter_id}",
    response_model=SavedFilterRead,
    responses=problems(
        SavedFilterNotFound,
        SavedFilterNotYours,
        SavedFilterExists,
        FieldHidden,
        TeamUnknown,
        FilterNotSupported,
        CustomFieldUnknown,
    ),
)
async def update_saved_filter(
    saved_filter_id: SavedFilterId, body: SavedFilterPatch, who: CanRead, uow: Uow, if_match: IfMatch, call: TheCall
) -> Response:
    """Rename, replace or share a saved filter. Only its owner does."""
    access = access_of(call.hub.parts[CATALOGUE].value, who)
    row = await SavedFilters(uow, who, access).patch(saved_filter_id, body, if_match)
    return ok(filter_view(row), filter_etag(row))


@router.delete("/{saved_filter_id}", status_code=204, responses=problems(SavedFilterNotFound, SavedFilterNotYours))
async def delete_saved_filter(
    saved_filter_id: SavedFilterId, who: CanRead, uow: Uow, if_match: IfMatch, call: TheCall
) -> Response:
    """Delete a saved filter. Only its owner does, or who manages users."""
    access = access_of(call.hub.parts[CATALOGUE].value, who)
    await SavedFilters(uow, who, access).delete(saved_filter_id, if_match)
    return no_content()
