"""Routes of self-service links. What customers do with them stands behind `/p/{token}`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.customers.deps import Context
from custhub.features.customers.errors import CustomerArchived, CustomerErased, CustomerNotFound
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.selfservice.deps import CanRead, CanWrite, Links
from custhub.features.selfservice.errors import (
    ChannelMissing,
    ContactPointMissing,
    FieldNotOffered,
    ReminderInvalid,
    SelfServiceLinkClosed,
    SelfServiceLinkNotFound,
)
from custhub.features.selfservice.queries import page_of_links
from custhub.features.selfservice.schemas import (
    SelfServiceLinkCreate,
    SelfServiceLinkPage,
    SelfServiceLinkQuery,
    SelfServiceLinkRead,
    link_view,
)
from custhub.http.answers import created, next_url, ok, page, shown
from custhub.http.deps import TheCall
from custhub.http.fields import CustomerId, SelfServiceLinkId
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.kit.paging import Cursors
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/customers", "self-service")
TAGS = [{"name": "self-service", "description": "Links by which customers correct their own data without an account."}]


@router.post(
    "/{customer_id}/self-service-links",
    status_code=201,
    response_model=SelfServiceLinkRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        FieldNotOffered,
        CustomFieldUnknown,
        FieldNotWritable,
        ChannelMissing,
        ContactPointMissing,
        ReminderInvalid,
    ),
    openapi_extra=traits(NO_STORE),
)
async def create_self_service_link(
    customer_id: CustomerId, body: SelfServiceLinkCreate, _: CanWrite, links: Links, call: TheCall
) -> Response:
    """Make a link by which a customer sees and corrects these fields of its own data, once, without an account.

    You must be able to write the fields yourself. Plain fields change when the customer sends the form; a new number
    or e-mail address only when a code that is sent there comes back. `url` is shown here once, or sent by the hub.
    """
    row, issued = await links.create(customer_id, body)
    url = issued.url if body.send_by is None else None
    view = link_view(row, call.hub.clock.now(), url)
    location = f"/v1/customers/{to_text(Prefix.CUSTOMER, row.customer_id)}/self-service-links/{view['id']}"
    return created(view, location, once=("url",))


@router.get(
    "/{customer_id}/self-service-links",
    response_model=SelfServiceLinkPage,
    responses=problems(CustomerNotFound, CustomerErased),
)
async def list_self_service_links(
    customer_id: CustomerId,
    request: Request,
    query: Annotated[SelfServiceLinkQuery, Query()],
    who: CanRead,
    context: Context,
    call: TheCall,
) -> Response:
    """List the self-service links of a customer, newest first, with what came of them."""
    hub = call.hub
    await context.customers.get(customer_id)
    cursors = Cursors(hub.keys.cursors.sign, [who.id.hex, "self-service-links", customer_id.hex])
    after = cursors.read(query.cursor)
    found = await page_of_links(hub.database, who.reach, customer_id, after, query.limit)
    cursor = cursors.write(found.after)
    return page([link_view(row, hub.clock.now()) for row in found.items], cursor, next_url(request, cursor))


@router.get(
    "/{customer_id}/self-service-links/{link_id}",
    response_model=SelfServiceLinkRead,
    responses=problems(CustomerNotFound, CustomerErased, SelfServiceLinkNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_self_service_link(
    customer_id: CustomerId, link_id: SelfServiceLinkId, request: Request, _: CanRead, links: Links, call: TheCall
) -> Response:
    """Get one self-service link: whether it was used, and what came of it. Never its address."""
    return shown(request, link_view(await links.find(customer_id, link_id), call.hub.clock.now()))


@router.post(
    "/{customer_id}/self-service-links/{link_id}/revoke",
    response_model=SelfServiceLinkRead,
    responses=problems(CustomerNotFound, CustomerErased, SelfServiceLinkNotFound, SelfServiceLinkClosed),
)
async def revoke_self_service_link(
    customer_id: CustomerId, link_id: SelfServiceLinkId, _: CanWrite, links: Links, call: TheCall
) -> Response:
    """Take a link back before it is used. Whoever opens it finds that there is none; no reminder is sent."""
    return ok(link_view(await links.revoke(customer_id, link_id), call.hub.clock.now()))
