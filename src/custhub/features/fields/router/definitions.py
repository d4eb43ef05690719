"""Routes of field definitions."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.fields.deps import CanManage, CanRead, IfMatch, TheDefinitions
from custhub.features.fields.errors import (
    FieldDefinitionNotFound,
    FieldKeyTaken,
    FieldNotFilterable,
    FieldSchemaFixed,
    FieldSchemaInvalid,
    TooManyFields,
)
from custhub.features.fields.queries import DefinitionRow, all_definitions, definition_by_id
from custhub.features.fields.schemas.answers import (
    FieldDefinitionPage,
    FieldDefinitionRead,
    definition_view,
    etag_of,
)
from custhub.features.fields.schemas.bodies import FieldDefinitionCreate, FieldDefinitionPatch
from custhub.http.answers import Answer, created, not_modified, ok, page
from custhub.http.fields import FieldDefinitionId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/field-definitions", "field-definitions")


def _show(row: DefinitionRow) -> Answer:
    return ok(definition_view(row), etag_of(row.revision))


@router.get("", response_model=FieldDefinitionPage)
async def list_field_definitions(request: Request, _: CanRead) -> Response:
    """List all custom fields in the order of forms, archived ones too."""
    rows = await all_definitions(call_of(request).hub.database)
    return page([definition_view(row) for row in rows], None)


@router.post(
    "",
    status_code=201,
    response_model=FieldDefinitionRead,
    responses=problems(FieldKeyTaken, FieldSchemaInvalid, FieldNotFilterable, TooManyFields),
)
async def create_field_definition(body: FieldDefinitionCreate, definitions: TheDefinitions, _: CanManage) -> Response:
    """Declare a custom field. Customers can have it within five seconds, in every process."""
    row = await definitions.create(body)
    view = definition_view(row)
    return created(view, f"/v1/field-definitions/{view['id']}", etag_of(row.revision))


@router.get(
    "/{field_definition_id}",
    response_model=FieldDefinitionRead,
    responses=problems(FieldDefinitionNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_field_definition(field_definition_id: FieldDefinitionId, request: Request, _: CanRead) -> Response:
    """Get one custom field."""
    call = call_of(request)
    row = await definition_by_id(call.hub.database, field_definition_id)
    if row is None:
        raise FieldDefinitionNotFound
    etag = etag_of(row.revision)
    return not_modified(etag) if call.has_seen(etag) else _show(row)


@router.patch(
    "/{field_definition_id}",
    response_model=FieldDefinitionRead,
    responses=problems(FieldDefinitionNotFound, FieldSchemaInvalid, FieldSchemaFixed),
)
async def update_field_definition(
    field_definition_id: FieldDefinitionId,
    body: FieldDefinitionPatch,
    definitions: TheDefinitions,
    _: CanManage,
    if_match: IfMatch,
) -> Response:
    """Change a custom field by merge patch. Its type, and whether it is sensitive or filterable, never change."""
    return _show(await definitions.patch(field_definition_id, body, if_match))


@router.post(
    "/{field_definition_id}/archive",
    response_model=FieldDefinitionRead,
    responses=problems(FieldDefinitionNotFound),
)
async def archive_field_definition(
    field_definition_id: FieldDefinitionId, definitions: TheDefinitions, _: CanManage, if_match: IfMatch
) -> Response:
    """Take a custom field out of use: it is shown and written no more, and customers keep their values."""
    return _show(await definitions.archive(field_definition_id, if_match))


@router.post(
    "/{field_definition_id}/restore",
    response_model=FieldDefinitionRead,
    responses=problems(FieldDefinitionNotFound),
)
async def restore_field_definition(
    field_definition_id: FieldDefinitionId, definitions: TheDefinitions, _: CanManage, if_match: IfMatch
) -> Response:
    """Bring an archived custom field back, with the values that customers had."""
    return _show(await definitions.restore(field_definition_id, if_match))
