"""Routes of the suppression list."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.suppressions.deps import CanManage, Suppressions
from custhub.features.suppressions.errors import PointAmbiguous, SuppressionLifted, SuppressionNotFound
from custhub.features.suppressions.queries import page_of_suppressions, suppression_by_id
from custhub.features.suppressions.schemas import (
    SuppressionCreate,
    SuppressionLift,
    SuppressionPage,
    SuppressionQuery,
    SuppressionRead,
    suppression_view,
)
from custhub.http.answers import created, ok, page, shown
from custhub.http.deps import TheCall
from custhub.http.fields import SuppressionId
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.mailboxes import EmailInvalid
from custhub.kit.paging import Cursors

router = hub_router("/v1/suppressions", "suppressions")


@router.get("", response_model=SuppressionPage)
async def list_suppressions(
    request: Request, query: Annotated[SuppressionQuery, Query()], who: CanManage, call: TheCall
) -> Response:
    """List entries of the suppression list, newest first. Nobody can read numbers or addresses out of it."""
    filters = query.filters()
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "suppressions", sorted(map(str, filters.items()))])
    found = await page_of_suppressions(call.hub.database, filters, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/suppressions?{urlencode([*kept, ('cursor', cursor)])}"
    return page([suppression_view(row) for row in found.items], cursor, url)


@router.post(
    "",
    status_code=201,
    response_model=SuppressionRead,
    responses={200: {"model": SuppressionRead}, **problems(PhoneInvalid, EmailInvalid, PointAmbiguous)},
)
async def add_suppression(body: SuppressionCreate, _: CanManage, suppressions: Suppressions) -> Response:
    """Put a phone number or an e-mail address on the suppression list. It is kept as a keyed hash alone.

    What is `erased` is not stored again: a create with it is 409 `suppressed`. Of the other kinds numbers and
    addresses are stored, show `contactable: false`, and nothing is sent to them. One that is on the list already is
    answered with 200.
    """
    row, is_new = await suppressions.add(body)
    view = suppression_view(row)
    return created(view, f"/v1/suppressions/{to_text(Prefix.SUPPRESSION, row.id)}") if is_new else ok(view)


@router.get(
    "/{suppression_id}",
    response_model=SuppressionRead,
    responses=problems(SuppressionNotFound, IntegrityError),
    openapi_extra=traits(CONDITIONAL),
)
async def get_suppression(
    suppression_id: SuppressionId, request: Request, _: CanManage, suppressions: Suppressions, call: TheCall
) -> Response:
    """Get one entry of the suppression list, with the evidence that it was lifted on."""
    row = await suppression_by_id(call.hub.database, suppression_id)
    if row is None:
        raise SuppressionNotFound
    return shown(request, suppression_view(row, await suppressions.evidence(row)))


@router.post(
    "/{suppression_id}/lift",
    response_model=SuppressionRead,
    responses=problems(SuppressionNotFound, SuppressionLifted),
)
async def lift_suppression(
    suppression_id: SuppressionId, body: SuppressionLift, _: CanManage, suppressions: Suppressions
) -> Response:
    """Lift an entry, with a reason and evidence that the person agrees. It stays in the list, out of force."""
    row = await suppressions.lift(suppression_id, body)
    return ok(suppression_view(row, body.evidence))
