"""Routes of pairs: the review queue and decisions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.errors import CustomerArchived, CustomerErased
from custhub.features.customers.service.context import CustomerContext
from custhub.features.duplicates.deps import CanMerge, CanRead, IfMatch, context_of, decisions_of
from custhub.features.duplicates.errors import (
    DecisionUnclear,
    DuplicateDecided,
    DuplicateNotFound,
    DuplicateRetired,
)
from custhub.features.duplicates.queries.pairs import PairRecord, page_of_pairs, pair_by_id
from custhub.features.duplicates.schemas.pairs import (
    DuplicateDecide,
    DuplicateListQuery,
    DuplicatePage,
    DuplicateRead,
    duplicate_view,
    etag_of,
)
from custhub.features.duplicates.service.explaining import explained
from custhub.features.merges.errors import MergeForbidden, MergeKindsDiffer, PlanChanged
from custhub.http.answers import Answer, next_url, not_modified, ok, page
from custhub.http.fields import DuplicateId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/duplicates", "duplicates")


async def _show(record: PairRecord, context: CustomerContext) -> Answer:
    (explanation,) = await explained(context, [record])
    return ok(duplicate_view(record, explanation), etag_of(record, context.who.policy.digest))


@router.get("", response_model=DuplicatePage)
async def list_duplicates(query: Annotated[DuplicateListQuery, Query()], request: Request, who: CanRead) -> Response:
    """List pairs both of whose customers you reach, the surest first. Values are masked as your role sees them."""
    context, chosen = context_of(request), query.chosen()
    cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "duplicates", str(chosen)])
    found = await page_of_pairs(context.uow.database, who.reach, chosen, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    explanations = await explained(context, found.items)
    views = [duplicate_view(record, said) for record, said in zip(found.items, explanations, strict=True)]
    return page(views, cursor, next_url(request, cursor))


@router.get(
    "/{duplicate_id}",
    response_model=DuplicateRead,
    responses=problems(DuplicateNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_duplicate(duplicate_id: DuplicateId, request: Request, who: CanRead) -> Response:
    """Get one pair with what each field says, bit by bit."""
    context = context_of(request)
    record = await pair_by_id(context.uow.database, who.reach, duplicate_id)
    if record is None:
        raise DuplicateNotFound
    etag = etag_of(record, who.policy.digest)
    return not_modified(etag) if call_of(request).has_seen(etag) else await _show(record, context)


@router.post(
    "/{duplicate_id}/decision",
    response_model=DuplicateRead,
    responses=problems(
        DuplicateNotFound,
        DuplicateDecided,
        DuplicateRetired,
        DecisionUnclear,
        FieldNotWritable,
        CustomerArchived,
        CustomerErased,
        MergeKindsDiffer,
        MergeForbidden,
        PlanChanged,
        IntegrityError,
    ),
)
async def decide_duplicate(
    duplicate_id: DuplicateId, body: DuplicateDecide, request: Request, _: CanMerge, if_match: IfMatch
) -> Response:
    """Decide about a pair. The same decision once more changes nothing.

    `merge` joins the two as `POST /v1/merges` does with the plan that its preview shows. `not_same` is for good: no
    scan, import or merge brings them together again. `later` keeps the pair out of the queue, until a day if one is
    given.
    """
    return await _show(await decisions_of(request).decide(duplicate_id, body, if_match), context_of(request))
