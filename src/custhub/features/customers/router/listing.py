"""Routes that find customers: lists and lookups by number."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.customers.deps import CanLookUp, CanRead, context_of
from custhub.features.customers.errors import FilterNotSupported, LookupAmbiguous, SavedFilterNotFound
from custhub.features.customers.queries.listing import count_customers, page_of_customers
from custhub.features.customers.schemas.answers import CustomerMatches, CustomerPage
from custhub.features.customers.schemas.bodies import CustomerLookup, LastFourLookup
from custhub.features.customers.schemas.listing import CustomerListQuery
from custhub.features.customers.service.lookup import CustomerLookup as Lookup
from custhub.features.customers.service.selecting import saved_selections
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.phones.errors import LookupQuotaExceeded, MaskProbing, PhoneInvalid
from custhub.http.answers import NO_STORE, Answer, next_url, page
from custhub.http.hub import call_of
from custhub.http.openapi import NO_STORE as NEVER_STORED
from custhub.http.openapi import problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldHidden

router = hub_router("/v1/customers", "customers")


@router.get(
    "",
    response_model=CustomerPage,
    responses=problems(FieldHidden, FilterNotSupported, CustomFieldUnknown, SavedFilterNotFound),
)
async def list_customers(request: Request, query: Annotated[CustomerListQuery, Query()], who: CanRead) -> Response:
    """List customers, newest first by default.

    Filters are ANDed and a repeated filter is a set. Numbers are never a filter: use the lookup.
    """
    context = context_of(request)
    if query.saved_filter_id is not None:
        saved = await saved_selections(call_of(request).hub).find(context.uow.database, who, query.saved_filter_id)
        query = query.with_saved(saved)
    query.check(who, context.access)
    cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "customers", *query.binding()])
    selection, reader = query.selection(context.access), context.uow.database
    found = await page_of_customers(reader, who.reach, selection, query.sort, cursors.read(query.cursor), query.limit)
    items = [context.show(record, **context.extras(record, query.include)) for record in found.items]
    total = None
    if "total" in query.include:
        total = (await count_customers(reader, who.reach, selection))._asdict()
    cursor = cursors.write(found.after)
    return page(items, cursor, next_url(request, cursor), total=total)


@router.post(
    "/lookup",
    response_model=CustomerMatches,
    responses=problems(PhoneInvalid, LookupQuotaExceeded, MaskProbing, LookupAmbiguous),
    openapi_extra=traits(NEVER_STORED),
)
async def lookup_customers(body: CustomerLookup, request: Request, who: CanLookUp) -> Response:
    """Find customers by phone number, in any spelling, or by its last four digits.

    A number nobody has and one of a customer out of reach give the same empty list. Each lookup is audited and
    counts against a quota.
    """
    context = context_of(request)
    lookup = Lookup(context, context.quotas)
    if isinstance(body, LastFourLookup):
        cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "lookup", body.phone_last4])
        found = await lookup.by_last4(body.phone_last4, cursors.read(body.cursor, "body"), body.limit)
        cursor = cursors.write(found.after)
    else:
        found, cursor = await lookup.by_number(body.phone, body.country), None
    items = [context.show(record) for record in found.items]
    return Answer({"data": items, "next_cursor": cursor, "has_more": cursor is not None}, 200, (NO_STORE,))
