"""Routes of the e-mail addresses of a customer."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.customers.deps import CanRead, CanWrite, IfMatch, PartQuery, context_of
from custhub.features.customers.errors import (
    CustomerArchived,
    CustomerErased,
    CustomerNotFound,
    EmailInvalid,
    EmailNotFound,
    TooManyParts,
)
from custhub.features.customers.schemas.answers import EmailRead
from custhub.features.customers.schemas.bodies import EmailCreate, EmailPatch
from custhub.features.customers.schemas.part_pages import EmailPage
from custhub.features.customers.schemas.views import email_view, etag_of
from custhub.features.customers.service.emails import CustomerEmails
from custhub.features.suppressions.errors import Suppressed
from custhub.http.answers import by_id, created, no_content, not_modified, ok, part_page
from custhub.http.fields import CustomerId, EmailId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden, FieldNotWritable

router = hub_router("/v1/customers/{customer_id}/emails", "parts")


@router.get("", response_model=EmailPage, responses=problems(CustomerNotFound, CustomerErased, FieldHidden))
async def list_emails(customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead) -> Response:
    """List the e-mail addresses of a customer."""
    who.require_readable(Field.EMAILS)
    record = await context_of(request).customers.current(customer_id)
    return part_page(request, query, record.emails, by_id, email_view)


@router.post(
    "",
    status_code=201,
    response_model=EmailRead,
    responses=problems(
        CustomerNotFound, CustomerErased, CustomerArchived, EmailInvalid, TooManyParts, Suppressed, FieldNotWritable
    ),
)
async def add_email(customer_id: CustomerId, body: EmailCreate, request: Request, who: CanWrite) -> Response:
    """Add an e-mail address to a customer. The first one, or one that says so, is the primary one."""
    _, row = await CustomerEmails(context_of(request)).add(customer_id, body)
    location = f"/v1/customers/{to_text(Prefix.CUSTOMER, customer_id)}/emails/{to_text(Prefix.EMAIL, row.id)}"
    return created(email_view(row), location, etag_of(row.revision, who.policy.digest))


@router.get(
    "/{email_id}",
    response_model=EmailRead,
    responses=problems(CustomerNotFound, CustomerErased, EmailNotFound, FieldHidden),
    openapi_extra=traits(CONDITIONAL),
)
async def get_email(customer_id: CustomerId, email_id: EmailId, request: Request, who: CanRead) -> Response:
    """Get one e-mail address of a customer."""
    who.require_readable(Field.EMAILS)
    context = context_of(request)
    row = CustomerEmails(context).of(await context.customers.current(customer_id), email_id)
    etag = etag_of(row.revision, who.policy.digest)
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(email_view(row), etag)


@router.patch(
    "/{email_id}",
    response_model=EmailRead,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, EmailNotFound, FieldNotWritable),
)
async def update_email(
    customer_id: CustomerId, email_id: EmailId, body: EmailPatch, request: Request, who: CanWrite, if_match: IfMatch
) -> Response:
    """Change the label of an e-mail address, or make it the primary one."""
    _, row = await CustomerEmails(context_of(request)).change(customer_id, email_id, body, if_match)
    return ok(email_view(row), etag_of(row.revision, who.policy.digest))


@router.delete(
    "/{email_id}",
    status_code=204,
    response_model=None,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, EmailNotFound, FieldNotWritable),
)
async def remove_email(
    customer_id: CustomerId, email_id: EmailId, request: Request, _: CanWrite, if_match: IfMatch
) -> Response:
    """Remove an e-mail address. The oldest that remains becomes the primary one where this was it."""
    await CustomerEmails(context_of(request)).remove(customer_id, email_id, if_match)
    return no_content()
