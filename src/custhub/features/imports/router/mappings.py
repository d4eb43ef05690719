"""Routes of mapping profiles."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from custhub.features.imports.deps import CanImport, IfMatch, Mappings
from custhub.features.imports.errors import MappingInvalid, MappingNameTaken, MappingNotFound
from custhub.features.imports.queries import page_of_mappings
from custhub.features.imports.schemas.answers import ImportMappingPage, ImportMappingRead, etag_of, mapping_view
from custhub.features.imports.schemas.bodies import ImportMappingCreate, ImportMappingPatch, PageQuery
from custhub.http.answers import created, no_content, not_modified, ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import MappingId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Cursors

router = hub_router("/v1/import-mappings", "imports")


@router.get("", response_model=ImportMappingPage)
async def list_import_mappings(
    request: Request, query: Annotated[PageQuery, Query()], who: CanImport, call: TheCall
) -> Response:
    """List mapping profiles, newest first."""
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "import-mappings"])
    after = cursors.read(query.cursor)
    before = UUID(after[0]) if after else None
    found = await page_of_mappings(call.hub.database, before=before, limit=query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/import-mappings?{urlencode([*kept, ('cursor', cursor)])}"
    return page([mapping_view(row) for row in found.items], cursor, url)


@router.post(
    "", status_code=201, response_model=ImportMappingRead, responses=problems(MappingInvalid, MappingNameTaken)
)
async def create_import_mapping(body: ImportMappingCreate, _: CanImport, mappings: Mappings) -> Response:
    """Keep a mapping for the next file of a source."""
    row = mappings.create(body.source, body.name, body.plan())
    return created(mapping_view(row), f"/v1/import-mappings/{to_text(Prefix.MAPPING, row.id)}", etag_of(row))


@router.get(
    "/{mapping_id}",
    response_model=ImportMappingRead,
    responses=problems(MappingNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_import_mapping(mapping_id: MappingId, _: CanImport, mappings: Mappings, call: TheCall) -> Response:
    """Get one mapping profile."""
    row = await mappings.get(mapping_id)
    etag = etag_of(row)
    return not_modified(etag) if call.has_seen(etag) else ok(mapping_view(row), etag)


@router.patch(
    "/{mapping_id}",
    response_model=ImportMappingRead,
    responses=problems(MappingNotFound, MappingInvalid, MappingNameTaken),
)
async def update_import_mapping(
    mapping_id: MappingId, body: ImportMappingPatch, _: CanImport, mappings: Mappings, if_match: IfMatch
) -> Response:
    """Change a mapping profile. Imports that were made with it keep the mapping they have."""
    sent = {name: value for name, value in body.model_dump(mode="json").items() if name in body.model_fields_set}
    row = await mappings.patch(mapping_id, sent, if_match)
    return ok(mapping_view(row), etag_of(row))


@router.delete("/{mapping_id}", status_code=204, responses=problems(MappingNotFound))
async def delete_import_mapping(mapping_id: MappingId, _: CanImport, mappings: Mappings, if_match: IfMatch) -> Response:
    """Forget a mapping profile."""
    await mappings.remove(mapping_id, if_match)
    return no_content()
