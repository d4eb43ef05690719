"""Routes of models."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.duplicates.deps import CanManage, CanRead, IfMatch, models_of
from custhub.features.duplicates.errors import (
    DuplicateModelExists,
    DuplicateModelInvalid,
    DuplicateModelNotFound,
    DuplicateModelUsed,
    ModelVersionReserved,
    TooFewDecisions,
)
from custhub.features.duplicates.queries.scoring import active_model, page_of_models
from custhub.features.duplicates.schemas.models import (
    DuplicateModelActivate,
    DuplicateModelCreate,
    DuplicateModelPage,
    DuplicateModelQuery,
    DuplicateModelRead,
    duplicate_model_etag,
    duplicate_model_view,
)
from custhub.http.answers import created, next_url, no_content, not_modified, ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import DuplicateModelId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Cursors

_PATH = "/v1/duplicates/models"
router = hub_router(_PATH, "duplicates")


@router.get("", response_model=DuplicateModelPage)
async def list_duplicate_models(
    request: Request, query: Annotated[DuplicateModelQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List models, newest first; the one that comes with the hub is the last."""
    database = call.hub.database
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "duplicate models"])
    found = await page_of_models(database, cursors.read(query.cursor), query.limit)
    active, cursor = await active_model(database), cursors.write(found.after)
    return page([duplicate_model_view(row, active) for row in found.items], cursor, next_url(request, cursor))


@router.post(
    "",
    status_code=201,
    response_model=DuplicateModelRead,
    responses=problems(DuplicateModelInvalid, ModelVersionReserved, DuplicateModelExists),
)
async def propose_duplicate_model(
    body: DuplicateModelCreate, request: Request, _: CanManage, call: TheCall
) -> Response:
    """Keep a model that `custhub dedupe estimate` proposed; nobody is scored by it before it is activated.

    It has the levels of the shipped model, and no others.
    """
    row = models_of(request).propose(body.document.model_dump(), body.note)
    active = await active_model(call.hub.database)
    location = f"{_PATH}/{to_text(Prefix.DUPLICATE_MODEL, row.id)}"
    return created(duplicate_model_view(row, active), location, duplicate_model_etag(row, active))


@router.get(
    "/{duplicate_model_id}",
    response_model=DuplicateModelRead,
    responses=problems(DuplicateModelNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_duplicate_model(
    duplicate_model_id: DuplicateModelId, request: Request, _: CanRead, call: TheCall
) -> Response:
    """Get one model: its weights, and where they differ from those of the active one."""
    row, active = await models_of(request).get(duplicate_model_id), await active_model(call.hub.database)
    etag = duplicate_model_etag(row, active)
    return not_modified(etag) if call.has_seen(etag) else ok(duplicate_model_view(row, active), etag)


@router.post(
    "/{duplicate_model_id}/activate",
    response_model=DuplicateModelRead,
    responses=problems(DuplicateModelNotFound, TooFewDecisions),
)
async def activate_duplicate_model(
    duplicate_model_id: DuplicateModelId,
    body: DuplicateModelActivate,
    request: Request,
    _: CanManage,
    if_match: IfMatch,
) -> Response:
    """Score everybody by this model from now on. The active one again changes nothing.

    A scan that runs ends by the model it began with. `auto_merge` goes off: switch it on again after a dry run by the
    new model. Pairs keep the scores they have until a scan sees them again.
    """
    row = await models_of(request).activate(duplicate_model_id, body.reason, if_match)
    return ok(duplicate_model_view(row, row), duplicate_model_etag(row, row))


@router.delete("/{duplicate_model_id}", status_code=204, responses=problems(DuplicateModelNotFound, DuplicateModelUsed))
async def delete_duplicate_model(
    duplicate_model_id: DuplicateModelId, request: Request, _: CanManage, if_match: IfMatch
) -> Response:
    """Forget a proposal. What was active once stays: scores name it."""
    await models_of(request).remove(duplicate_model_id, if_match)
    return no_content()
