"""Routes of bulk actions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.bulk.errors import (
    BulkActionDry,
    BulkActionNotFound,
    BulkActionRunning,
    BulkActionUndone,
)
from custhub.features.bulk.queries import page_of_bulk_actions, page_of_rows
from custhub.features.bulk.schemas import (
    BulkActionCreate,
    BulkActionPage,
    BulkActionQuery,
    BulkActionRead,
    BulkRowPage,
    BulkRowQuery,
    bulk_action_view,
    bulk_row_view,
)
from custhub.features.bulk.service.starting import BulkActions, find_bulk_action
from custhub.features.customers.deps import CanRead
from custhub.features.customers.errors import (
    FilterNotSupported,
    OwnerUnknown,
    SavedFilterNotFound,
    SelectionUnclear,
    TeamUnknown,
)
from custhub.features.customers.service.selecting import saved_selections
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.fields.service.catalogue import CATALOGUE, access_of
from custhub.features.operations.schemas.jobs import JobRead
from custhub.features.operations.schemas.jobs import accepted as accepted_job
from custhub.http.answers import next_url, page, shown
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import BulkActionId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldHidden, FieldNotWritable
from custhub.security.scopes import Scope

router = hub_router("/v1/bulk-actions", "bulk-actions")


@router.post(
    "",
    status_code=202,
    response_model=JobRead,
    responses=problems(
        SelectionUnclear,
        SavedFilterNotFound,
        OwnerUnknown,
        TeamUnknown,
        FieldNotWritable,
        FieldHidden,
        FilterNotSupported,
        CustomFieldUnknown,
    ),
)
async def start_bulk_action(body: BulkActionCreate, who: CanRead, uow: Uow, call: TheCall) -> Response:
    """Do one thing to many customers, as a job: those of a filter that you may reach, or up to 1,000 by id.

    It needs the scope that the single action needs: `customers:write`, `tags:write` or `customers:archive`. Each
    customer is changed or refused on its own, with its own event and entry in its history. `result_url` of the job
    is the bulk action: its counts, what became of each customer, and the undo.
    """
    access = access_of(call.hub.parts[CATALOGUE].value, who)
    job = await BulkActions(uow, who, saved_selections(call.hub), access).start(body)
    return accepted_job(job)


@router.get("", response_model=BulkActionPage)
async def list_bulk_actions(
    request: Request, query: Annotated[BulkActionQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List bulk actions, newest first. Without `jobs:manage` these are your own."""
    owner = None if Scope.JOBS_MANAGE in who.scopes else who.id
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "bulk actions", "all" if owner is None else "own"])
    found = await page_of_bulk_actions(call.hub.database, owner, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([bulk_action_view(standing) for standing in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{bulk_action_id}",
    response_model=BulkActionRead,
    responses=problems(BulkActionNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_bulk_action(bulk_action_id: BulkActionId, request: Request, who: CanRead, call: TheCall) -> Response:
    """Get one bulk action with its counts."""
    return shown(request, bulk_action_view(await find_bulk_action(call.hub.database, who, bulk_action_id)))


@router.get("/{bulk_action_id}/rows", response_model=BulkRowPage, responses=problems(BulkActionNotFound))
async def list_bulk_action_rows(
    bulk_action_id: BulkActionId,
    request: Request,
    query: Annotated[BulkRowQuery, Query()],
    who: CanRead,
    call: TheCall,
) -> Response:
    """List what became of each customer, by their ids: changed, so already, or refused and why.

    After an undo `undo_outcome=kept` names those that changed since and stay as they are.
    """
    database = call.hub.database
    standing = await find_bulk_action(database, who, bulk_action_id)
    binding = [who.id.hex, "bulk rows", standing.row.id.hex, query.outcome, query.undo_outcome]
    cursors = Cursors(call.hub.keys.cursors.sign, binding)
    found = await page_of_rows(
        database, standing.row.id, query.outcome, query.undo_outcome, cursors.read(query.cursor), query.limit
    )
    cursor = cursors.write(found.after)
    return page([bulk_row_view(row) for row in found.items], cursor, next_url(request, cursor))


@router.post(
    "/{bulk_action_id}/undo",
    status_code=202,
    response_model=JobRead,
    responses=problems(BulkActionNotFound, BulkActionRunning, BulkActionUndone, BulkActionDry, FieldNotWritable),
)
async def undo_bulk_action(bulk_action_id: BulkActionId, who: CanRead, uow: Uow, call: TheCall) -> Response:
    """Take a bulk action back, as a job: everything it changed that nobody has changed since.

    It needs the scope that the action needed. Also one that was canceled halfway can be undone.
    """
    access = access_of(call.hub.parts[CATALOGUE].value, who)
    return accepted_job(await BulkActions(uow, who, saved_selections(call.hub), access).undo(bulk_action_id))
