"""Routes of external sources."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request, Response

from custhub.features.customers.deps import CanManageFields, CanRead, IfMatch, standards_of
from custhub.features.customers.errors import ExternalIdInvalid, ExternalSourceInUse, ExternalSourceNotFound
from custhub.features.customers.queries.sources import page_of_sources
from custhub.features.customers.schemas.bodies import SourceName
from custhub.features.customers.schemas.listing import PageQuery
from custhub.features.customers.schemas.sources import (
    ExternalSourcePage,
    ExternalSourcePut,
    ExternalSourceRead,
    source_view,
)
from custhub.features.customers.schemas.views import etag_of
from custhub.features.customers.service.sources import ExternalSources
from custhub.http.answers import created, no_content, ok, page
from custhub.http.hub import call_of
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import Principal

router = hub_router("/v1/external-sources", "external-sources")

Source = Annotated[SourceName, Path(description="Name of the source: a-z, 0-9, `_`, `.` and `-`")]


def _sources(request: Request, who: Principal) -> ExternalSources:
    call = call_of(request)
    return ExternalSources(call.unit_of_work(), who, standards_of(call.hub))


@router.get("", response_model=ExternalSourcePage)
async def list_external_sources(request: Request, query: Annotated[PageQuery, Query()], who: CanRead) -> Response:
    """List the external sources, by name."""
    hub = call_of(request).hub
    cursors = Cursors(hub.keys.cursors.sign, [who.id.hex, "external-sources"])
    found = await page_of_sources(hub.database, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = f"/v1/external-sources?limit={query.limit}&cursor={cursor}"
    return page([source_view(row) for row in found.items], cursor, url)


@router.put(
    "/{source}",
    response_model=ExternalSourceRead,
    responses={201: {"model": ExternalSourceRead}, **problems(ExternalIdInvalid)},
)
async def put_external_source(
    source: Source, body: ExternalSourcePut, request: Request, who: CanManageFields, if_match: IfMatch
) -> Response:
    """Declare an external source, or replace all that was said about it."""
    row, is_new = await _sources(request, who).put(source, body, if_match)
    view, etag = source_view(row), etag_of(row.revision, who.policy.digest)
    return created(view, f"/v1/external-sources/{source}", etag) if is_new else ok(view, etag)


@router.delete(
    "/{source}",
    status_code=204,
    response_model=None,
    responses=problems(ExternalIdInvalid, ExternalSourceNotFound, ExternalSourceInUse),
)
async def remove_external_source(source: Source, request: Request, who: CanManageFields, if_match: IfMatch) -> Response:
    """Remove an external source that no customer has an id of."""
    await _sources(request, who).remove(source, if_match)
    return no_content()
