"""Routes of bulk merges."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.duplicates.deps import CanMerge, CanRead
from custhub.features.duplicates.errors import (
    BulkMergeDry,
    BulkMergeNotFound,
    BulkMergeRunning,
    BulkMergeUndone,
    DryRunRequired,
    ThresholdTooLow,
)
from custhub.features.duplicates.queries.plans import page_of_bulk_merges, page_of_groups
from custhub.features.duplicates.rules import millibits
from custhub.features.duplicates.schemas.plans import (
    BulkMergeCreate,
    BulkMergeGroupPage,
    BulkMergePage,
    BulkMergeQuery,
    BulkMergeRead,
    bulk_merge_view,
    group_view,
)
from custhub.features.duplicates.service.planning import find_bulk_merge, start_undo
from custhub.features.duplicates.service.planning import start_bulk_merge as start
from custhub.features.operations.schemas.jobs import JobRead, accepted
from custhub.http.answers import next_url, page, shown
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import BulkMergeId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.scopes import Scope

router = hub_router("/v1/duplicates/bulk-merges", "duplicates")


@router.post(
    "",
    status_code=202,
    response_model=JobRead,
    responses=problems(ThresholdTooLow, DryRunRequired, BulkMergeRunning),
)
async def start_bulk_merge(body: BulkMergeCreate, who: CanMerge, uow: Uow) -> Response:
    """Join all groups within your reach that a score from `threshold` on makes, as a job; first as a dry run.

    Everybody is compared anew. Groups with a contradiction, of more than 12, with two that were told apart or two
    that people vouched for are left to people. `result_url` of the job is the bulk merge: its counts, its groups, and
    one undo for all of it.
    """
    return accepted(await start(uow, who, millibits(body.threshold), "request", is_dry=body.dry_run))


@router.get("", response_model=BulkMergePage)
async def list_bulk_merges(
    request: Request, query: Annotated[BulkMergeQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List bulk merges, newest first. Without `jobs:manage` these are your own."""
    owner = None if Scope.JOBS_MANAGE in who.scopes else who.id
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "bulk merges", "all" if owner is None else "own"])
    found = await page_of_bulk_merges(call.hub.database, owner, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([bulk_merge_view(standing) for standing in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{bulk_merge_id}",
    response_model=BulkMergeRead,
    responses=problems(BulkMergeNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_bulk_merge(bulk_merge_id: BulkMergeId, request: Request, who: CanRead, call: TheCall) -> Response:
    """Get one bulk merge with its counts."""
    return shown(request, bulk_merge_view(await find_bulk_merge(call.hub.database, who, bulk_merge_id)))


@router.get("/{bulk_merge_id}/groups", response_model=BulkMergeGroupPage, responses=problems(BulkMergeNotFound))
async def list_bulk_merge_groups(
    bulk_merge_id: BulkMergeId,
    request: Request,
    query: Annotated[BulkMergeQuery, Query()],
    who: CanRead,
    call: TheCall,
) -> Response:
    """List the groups of a bulk merge in their order: who would be, or was, joined, and what is left to people."""
    database = call.hub.database
    row = (await find_bulk_merge(database, who, bulk_merge_id)).row
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "bulk merge groups", row.id.hex])
    found = await page_of_groups(database, row.id, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    return page([group_view(group) for group in found.items], cursor, next_url(request, cursor))


@router.post(
    "/{bulk_merge_id}/undo",
    status_code=202,
    response_model=JobRead,
    responses=problems(BulkMergeNotFound, BulkMergeDry, BulkMergeUndone, BulkMergeRunning),
)
async def undo_bulk_merge(bulk_merge_id: BulkMergeId, who: CanMerge, uow: Uow) -> Response:
    """Take a bulk merge back, as a job: its merges in reverse order, each with its own verification.

    Also one that was canceled halfway can be undone.
    """
    return accepted(await start_undo(uow, who, bulk_merge_id))
