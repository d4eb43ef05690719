"""Routes of merges."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.deps import Context
from custhub.features.customers.errors import CustomerArchived, CustomerErased
from custhub.features.customers.service.context import CustomerContext
from custhub.features.merges import errors
from custhub.features.merges.deps import CanMerge, CanRead, Merges, SeenRevisions, Undos
from custhub.features.merges.queries import MemberRow, MergeRow, absorbed_by, members_of, merge_by_id, page_of_merges
from custhub.features.merges.schemas import (
    MergeChoice,
    MergeCreate,
    MergeDetailRead,
    MergeListQuery,
    MergePage,
    MergePlanRead,
    MergePreview,
    MergeRead,
    MergeUndo,
    MergeUndoneRead,
    MergeVerificationRead,
)
from custhub.features.merges.service.showing import MergeReader, merge_view, outcome_view, plan_view
from custhub.features.merges.service.verifying import MergeVerifier
from custhub.http.answers import created, next_url, ok, page, shown
from custhub.http.deps import TheCall
from custhub.http.fields import MergeId
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.kit.revisions import RevisionRequired, StaleRevision
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/merges", "merges")
TAGS = [{"name": "merges", "description": "Several records of one person or firm become one; nothing is lost by it."}]
_PLAN = (
    errors.MergeCustomerUnknown,
    errors.MergeTooFew,
    errors.MergeKindsDiffer,
    errors.MergeChoiceInvalid,
    CustomerArchived,
    CustomerErased,
    IntegrityError,
    FieldNotWritable,
)


@router.post("/preview", response_model=MergePlanRead, responses=problems(*_PLAN), openapi_extra=traits(NO_STORE))
async def preview_merge(body: MergePreview, _: CanRead, merges: Merges, context: Context) -> Response:
    """Show what a merge would come to, and store nothing.

    For each field: whose value stands, by which rule, and which values do not. `plan_hash` stands for all of it, and
    for what it was made of; send it with the merge.
    """
    plan = await merges.plan(body.customer_ids, body.survivor_id, _choices(body.choices))
    return ok(plan_view(plan, context))


@router.post(
    "",
    status_code=201,
    response_model=MergeRead,
    responses=problems(*_PLAN, errors.PlanChanged, errors.MergeForbidden),
)
async def create_merge(body: MergeCreate, _: CanMerge, merges: Merges) -> Response:
    """Merge customers as the preview said, exactly so or not at all.

    All that belongs to the others belongs to the survivor afterwards. Their ids stay: reading one tells what it
    became, writing to one writes to the survivor.
    """
    row = await merges.merge(
        body.customer_ids,
        body.survivor_id,
        _choices(body.choices),
        body.plan_hash,
        body.reason.value,
        body.note,
        override=body.override_not_the_same,
    )
    view = merge_view(row.merge, row.merged)
    return created(view, f"/v1/merges/{view['id']}")


@router.get("", response_model=MergePage)
async def list_merges(
    request: Request, query: Annotated[MergeListQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List merges whose survivor is within reach, newest first."""
    database = call.hub.database
    filters = query.model_dump(include={"state", "customer_id"}, exclude_none=True)
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "merges", sorted(map(str, filters.items()))])
    found = await page_of_merges(database, who.reach, filters, cursors.read(query.cursor), query.limit)
    merged = await absorbed_by(database, [row.id for row in found.items])
    cursor = cursors.write(found.after)
    return page([merge_view(row, merged.get(row.id, ())) for row in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{merge_id}",
    response_model=MergeDetailRead,
    responses=problems(errors.MergeNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_merge(merge_id: MergeId, request: Request, _: CanRead, context: Context) -> Response:
    """Get one merge with its plan: what stands, by which rule, and what does not stand any more."""
    row, members = await _found(merge_id, context)
    return shown(request, await MergeReader(context).view(row, members))


@router.get("/{merge_id}/verification", response_model=MergeVerificationRead, responses=problems(errors.MergeNotFound))
async def verify_merge(merge_id: MergeId, _: CanRead, context: Context) -> Response:
    """Verify a merge: rows before and after by table, no value lost, the strictest consent kept.

    Computed now, from the images of before and the data as it is.
    """
    row, members = await _found(merge_id, context)
    return ok(await MergeVerifier(context).verify(row, members))


@router.post(
    "/{merge_id}/undo",
    response_model=MergeUndoneRead,
    responses=problems(
        errors.MergeNotFound, errors.AlreadyUndone, errors.MergeNeeded, StaleRevision, RevisionRequired, IntegrityError
    ),
)
async def undo_merge(
    merge_id: MergeId, body: MergeUndo, _: CanMerge, undos: Undos, seen: SeenRevisions, context: Context
) -> Response:
    """Undo a merge, at any later time.

    Whoever was absorbed is there again under the own id, with the rows that came from it; the survivor has its
    former values again where nobody has changed them since. What was changed or added since is kept, and told in
    `undo`. They are never proposed as duplicates of each other again. 409 `merge_needed` names the later merges
    that were built on this one.
    """
    undone = await undos.undo(merge_id, body.reason.value, seen)
    view = merge_view(undone.merge, undone.merged)
    return ok({**view, "undo": outcome_view(undone.outcome, context)})


async def _found(merge_id: UUID, context: CustomerContext) -> tuple[MergeRow, list[MemberRow]]:
    row = await merge_by_id(context.uow, context.who.reach, merge_id)
    if row is None:
        raise errors.MergeNotFound
    return row, await members_of(context.uow, merge_id)


def _choices(choices: list[MergeChoice]) -> dict[str, UUID]:
    found = {choice.field: choice.customer_id for choice in choices}
    if len(found) < len(choices):
        raise errors.MergeChoiceInvalid
    return found
