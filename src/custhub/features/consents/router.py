"""Routes of consents."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.consents.deps import CanRead, CanWrite, Ledger
from custhub.features.consents.errors import (
    ConsentCustomerUnknown,
    ConsentNotFound,
    ConsentNotYet,
    GuardianRequired,
)
from custhub.features.consents.queries import data_key_of, entry_by_id, page_of_entries, states_of
from custhub.features.consents.schemas import (
    ConsentCreate,
    ConsentPage,
    ConsentQuery,
    ConsentRead,
    ConsentsCreate,
    ConsentsRead,
    ConsentStates,
    consent_view,
    state_view,
)
from custhub.features.consents.vault import opened
from custhub.features.customers.deps import PartQuery
from custhub.features.customers.errors import CustomerNotFound
from custhub.features.customers.queries import is_reachable
from custhub.features.customers.queries.merged import survivors_of
from custhub.http.answers import Answer, created, ok, page, part_page
from custhub.http.deps import TheCall
from custhub.http.fields import ConsentId, CustomerId
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Cursors
from custhub.security.scopes import Scope

router = hub_router("/v1/consents", "consents")
customers_router = hub_router("/v1/customers", "consents")
_REFUSALS = problems(ConsentCustomerUnknown, ConsentNotYet, GuardianRequired, IntegrityError)


@router.get("", response_model=ConsentPage)
async def list_consents(
    request: Request, query: Annotated[ConsentQuery, Query()], who: CanRead, call: TheCall
) -> Response:
    """List the consent ledger of customers within reach, newest entries first. Evidence is not in it."""
    filters = query.filters()
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "consents", sorted(map(str, filters.items()))])
    found = await page_of_entries(call.hub.database, who.reach, filters, cursors.read(query.cursor), query.limit)
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/consents?{urlencode([*kept, ('cursor', cursor)])}"
    return page([consent_view(row) for row in found.items], cursor, url)


@router.post("", status_code=201, response_model=ConsentRead, responses=_REFUSALS)
async def record_consent(body: ConsentCreate, who: CanWrite, ledger: Ledger) -> Response:
    """Record what a customer said about one purpose and channel: granted, withdrawn, denied, expired.

    Entries are never changed or removed; a later one counts instead, by `captured_at`. Of two of one moment the
    stricter counts.
    """
    (row,) = await ledger.record(who.reach, body.customer_id, [body], "#")
    guardian = None if body.guardian is None else body.guardian.model_dump()
    return created(consent_view(row, body.evidence, guardian), f"/v1/consents/{to_text(Prefix.CONSENT, row.id)}")


@router.post("/record", status_code=201, response_model=ConsentsRead, responses=_REFUSALS)
async def record_consents(body: ConsentsCreate, who: CanWrite, ledger: Ledger) -> Response:
    """Record several things that a customer said at once; all of them, or none."""
    rows = await ledger.record(who.reach, body.customer_id, body.entries)
    return Answer({"data": [consent_view(row) for row in rows]}, 201)


@router.get("/{consent_id}", response_model=ConsentRead, responses=problems(ConsentNotFound))
async def get_consent(consent_id: ConsentId, who: CanRead, call: TheCall) -> Response:
    """Get one entry of the consent ledger; evidence and guardian are shown with the scope `consents:write`."""
    hub = call.hub
    row = await entry_by_id(hub.database, who.reach, consent_id)
    if row is None:
        raise ConsentNotFound
    if Scope.CONSENTS_WRITE not in who.scopes or (row.evidence is None and row.guardian is None):
        return ok(consent_view(row))
    key = await data_key_of(hub.database, row.customer_id)
    dek = None if key is None else hub.keys.cipher.unwrap(row.customer_id, key.dek_version, key.wrapped)
    return ok(consent_view(row, *opened(dek, row)))


@customers_router.get("/{customer_id}/consents", response_model=ConsentStates, responses=problems(CustomerNotFound))
async def list_customer_consents(
    customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead, call: TheCall
) -> Response:
    """List what a customer said last, for each purpose and channel. Nothing about one means: never asked.

    Of one that was merged it is what counts for who it became.
    """
    database = call.hub.database
    now = (await survivors_of(database, [customer_id])).get(customer_id, customer_id)
    for own in {customer_id, now}:
        if not await is_reachable(database, who.reach, own):
            raise CustomerNotFound
    return part_page(
        request, query, await states_of(database, [now]), lambda row: f"{row.purpose} {row.channel}", state_view
    )
