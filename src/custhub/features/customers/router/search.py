"""The route that finds customers by what somebody types."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.customers.deps import CanRead, context_of
from custhub.features.customers.errors import FilterNotSupported
from custhub.features.customers.schemas.search import CustomerHits, CustomerSearch, matched_view
from custhub.features.customers.service.search import CustomerSearch as Search
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.phones.errors import LookupQuotaExceeded, MaskProbing
from custhub.http.answers import NO_STORE, Answer
from custhub.http.openapi import NO_STORE as NEVER_STORED
from custhub.http.openapi import problems, traits
from custhub.http.routing import hub_router
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldHidden

router = hub_router("/v1/customers", "customers")


@router.post(
    "/search",
    response_model=CustomerHits,
    responses=problems(FieldHidden, FilterNotSupported, CustomFieldUnknown, LookupQuotaExceeded, MaskProbing),
    openapi_extra=traits(NEVER_STORED),
)
async def search_customers(body: CustomerSearch, request: Request, who: CanRead) -> Response:
    """Find customers by name, company, e-mail address or id, the best ones first.

    Chinese names are found by any part of them, in either script, by pinyin, by initials and by a mix (`zhangsf`);
    other names by the beginning of any word, with or without diacritics. Whole names come before beginnings, those
    before parts; names before companies, companies before addresses. Fields that the caller does not see in full are
    not searched. A text that is a phone number is looked up instead, which needs `phones:lookup`, counts against that
    quota and is audited.
    """
    context = context_of(request)
    body.filters.check(who, context.access, "#/filters")
    cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "search", *body.binding()])
    after = cursors.read(body.cursor, "body")
    found = await Search(context).find(body.q, body.filters.selection(context.access), after, body.limit)
    cursor = cursors.write(found.after)
    hits = [
        {
            "customer": context.show(hit.record),
            "matched": matched_view(*hit.match),
        }
        for hit in found.items
    ]
    return Answer({"data": hits, "next_cursor": cursor, "has_more": cursor is not None}, 200, (NO_STORE,))
