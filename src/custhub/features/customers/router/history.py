"""Routes that tell more of a customer than its body: what was done to it, and its texts in full."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.deps import CanRead, CanReveal, context_of
from custhub.features.customers.errors import CustomerErased, CustomerNotFound
from custhub.features.customers.queries.history import names_of, page_of_history
from custhub.features.customers.schemas.bodies import TextReveal
from custhub.features.customers.schemas.history import HistoryPage, change_view
from custhub.features.customers.schemas.listing import PageQuery
from custhub.features.customers.schemas.reveals import RevealedTexts
from custhub.features.customers.service.history import details_of
from custhub.features.customers.service.reveals import TextReveals
from custhub.features.phones.errors import RevealQuotaExceeded
from custhub.http.answers import page, secret
from custhub.http.fields import CustomerId
from custhub.http.openapi import NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Cursors

router = hub_router("/v1/customers", "customers")


@router.get("/{customer_id}/history", response_model=HistoryPage, responses=problems(CustomerNotFound, CustomerErased))
async def list_customer_history(
    customer_id: CustomerId, query: Annotated[PageQuery, Query()], request: Request, who: CanRead
) -> Response:
    """List what was done to a customer, newest first.

    Fields that the caller's role hides are left out, and phone numbers are masked.
    """
    context = context_of(request)
    record = await context.customers.get(customer_id)
    cursors = Cursors(context.keys.cursors.sign, [who.id.hex, "history", customer_id.hex])
    reader = context.uow.database
    found = await page_of_history(reader, customer_id, cursors.read(query.cursor), query.limit)
    names, dek = await names_of(reader, found.items), context.readable_dek(record)
    cursor = cursors.write(found.after)
    url = f"/v1/customers/{to_text(Prefix.CUSTOMER, customer_id)}/history?limit={query.limit}&cursor={cursor}"
    views = [change_view(entry, details_of(entry, dek), who.policy, context.access, names) for entry in found.items]
    return page(views, cursor, url)


@router.post(
    "/{customer_id}/reveal",
    response_model=RevealedTexts,
    responses=problems(CustomerNotFound, CustomerErased, RevealQuotaExceeded, IntegrityError),
    openapi_extra=traits(NO_STORE),
)
async def reveal_customer_texts(customer_id: CustomerId, body: TextReveal, request: Request, _: CanReveal) -> Response:
    """Reveal the texts of a customer that hold phone numbers, and its sensitive custom fields, with a reason.

    Texts of its addresses and contacts too. It is audited before it is answered.
    """
    opened = await TextReveals(context_of(request)).reveal(customer_id, body)
    return secret({"fields": [text._asdict() for text in opened]})
