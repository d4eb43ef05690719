"""Routes of the contacts of an organisation."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from custhub.features.customers.deps import CanRead, CanWrite, IfMatch, PartQuery, context_of
from custhub.features.customers.errors import (
    ContactNotAllowed,
    ContactNotFound,
    CustomerArchived,
    CustomerErased,
    CustomerNotFound,
    EmailInvalid,
    NameInvalid,
    PersonUnknown,
    TooManyParts,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.answers import ContactRead
from custhub.features.customers.schemas.bodies import ContactCreate, ContactPatch
from custhub.features.customers.schemas.part_pages import ContactPage
from custhub.features.customers.schemas.views import contact_view, etag_of
from custhub.features.customers.service.contacts import CustomerContacts
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.errors import MaskAmbiguous
from custhub.features.phones.rules import MaskStyle
from custhub.http.answers import by_id, created, no_content, not_modified, ok, part_page
from custhub.http.fields import ContactId, CustomerId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden, FieldNotWritable

router = hub_router("/v1/customers/{customer_id}/contacts", "parts")


def _view(record: CustomerRecord, row: Any, context: CustomerContext) -> dict[str, Any]:
    return contact_view(row, context.readable_dek(record), MaskStyle(context.who.policy.phone_mask))


@router.get("", response_model=ContactPage, responses=problems(CustomerNotFound, CustomerErased, FieldHidden))
async def list_contacts(customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead) -> Response:
    """List the contacts of an organisation. Phone numbers in them are masked."""
    who.require_readable(Field.CONTACTS)
    context = context_of(request)
    record = await context.customers.current(customer_id)
    return part_page(request, query, record.contacts, by_id, lambda row: _view(record, row, context))


@router.post(
    "",
    status_code=201,
    response_model=ContactRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        ContactNotAllowed,
        NameInvalid,
        EmailInvalid,
        PersonUnknown,
        TooManyParts,
        FieldNotWritable,
    ),
)
async def add_contact(customer_id: CustomerId, body: ContactCreate, request: Request, who: CanWrite) -> Response:
    """Add a contact to an organisation. The first one, or one that says so, is the primary one."""
    context = context_of(request)
    record, row = await CustomerContacts(context).add(customer_id, body)
    location = f"/v1/customers/{to_text(Prefix.CUSTOMER, customer_id)}/contacts/{to_text(Prefix.CONTACT, row.id)}"
    return created(_view(record, row, context), location, etag_of(row.revision, who.policy.digest))


@router.get(
    "/{contact_id}",
    response_model=ContactRead,
    responses=problems(CustomerNotFound, CustomerErased, ContactNotFound, FieldHidden),
    openapi_extra=traits(CONDITIONAL),
)
async def get_contact(customer_id: CustomerId, contact_id: ContactId, request: Request, who: CanRead) -> Response:
    """Get one contact of an organisation."""
    who.require_readable(Field.CONTACTS)
    context = context_of(request)
    record = await context.customers.current(customer_id)
    row = CustomerContacts(context).of(record, contact_id)
    etag = etag_of(row.revision, who.policy.digest)
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(_view(record, row, context), etag)


@router.patch(
    "/{contact_id}",
    response_model=ContactRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        ContactNotFound,
        NameInvalid,
        EmailInvalid,
        PersonUnknown,
        MaskAmbiguous,
        FieldNotWritable,
    ),
)
async def update_contact(
    customer_id: CustomerId,
    contact_id: ContactId,
    body: ContactPatch,
    request: Request,
    who: CanWrite,
    if_match: IfMatch,
) -> Response:
    """Change a contact by merge patch, or make it the primary one."""
    context = context_of(request)
    record, row = await CustomerContacts(context).change(customer_id, contact_id, body, if_match)
    return ok(_view(record, row, context), etag_of(row.revision, who.policy.digest))


@router.delete(
    "/{contact_id}",
    status_code=204,
    response_model=None,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, ContactNotFound, FieldNotWritable),
)
async def remove_contact(
    customer_id: CustomerId, contact_id: ContactId, request: Request, _: CanWrite, if_match: IfMatch
) -> Response:
    """Remove a contact. The oldest that remains becomes the primary one where this was it."""
    await CustomerContacts(context_of(request)).remove(customer_id, contact_id, if_match)
    return no_content()
