"""Routes of the customer itself. Hot ones first: routes are matched in order."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from custhub.features.customers import errors
from custhub.features.customers.deps import (
    CanArchive,
    CanCreate,
    CanRead,
    CanWrite,
    Context,
    Customers,
    IfMatch,
    context_of,
    new_candidates_of,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.answers import CustomerRead
from custhub.features.customers.schemas.bodies import CustomerCreate, CustomerPatch
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.features.fields.errors import (
    CustomFieldInvalid,
    CustomFieldUnknown,
    PhoneInCustomField,
    VocabularyValueUnknown,
)
from custhub.features.phones.errors import (
    LookupQuotaExceeded,
    MaskAmbiguous,
    MaskProbing,
    PhoneInvalid,
    PhoneRepeated,
    PhoneTaken,
)
from custhub.features.suppressions.errors import Suppressed
from custhub.http import idempotency
from custhub.http.answers import Answer, created, not_modified, ok
from custhub.http.fields import CustomerId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/customers", "customers")
Include = Annotated[
    list[Literal["can", "provenance", "completeness"]] | None,
    Query(
        max_length=3,
        description="`can`: what this caller may do; `provenance`: where values come from; `completeness`: 0 to 100",
    ),
]
CreateInclude = Annotated[
    list[Literal["candidates"]] | None,
    Query(
        max_length=1,
        description="`candidates`: who may be the same; needs `merges:read` and `customers:read`, for numbers "
        "`phones:lookup` too",
    ),
]
Follow = Annotated[bool, Query(description="Of a customer that was merged: who it became")]


def show(record: CustomerRecord, context: CustomerContext) -> Answer:
    """200 with a customer as this caller sees it."""
    return ok(context.show(record), context.etag(record))


@router.get(
    "/{customer_id}",
    response_model=CustomerRead,
    responses=problems(errors.CustomerNotFound, errors.CustomerErased),
    openapi_extra=traits(CONDITIONAL),
)
async def get_customer(
    customer_id: CustomerId, request: Request, _: CanRead, include: Include = None, follow: Follow = False
) -> Response:
    """Get one customer.

    The body holds its phones (masked), e-mails, addresses, contacts, external ids and tags. One that was merged is
    there as it was, with `merged_into` and without the parts that are the survivor's now; with `follow=true` it is
    the survivor.
    """
    context = context_of(request)
    customers = context.customers
    record = await (customers.current(customer_id) if follow else customers.get(customer_id))
    etag = context.etag(record, include or ())
    if call_of(request).has_seen(etag):
        return not_modified(etag)
    return ok(context.show(record, **context.extras(record, include)) if include else context.show(record), etag)


@router.post(
    "",
    status_code=201,
    response_model=CustomerRead,
    responses=problems(
        PhoneInvalid,
        PhoneRepeated,
        PhoneTaken,
        errors.ExternalIdTaken,
        errors.NameInvalid,
        errors.BirthdayInvalid,
        errors.TaxIdInvalid,
        errors.AddressInvalid,
        errors.AddressInconsistent,
        errors.PostcodeInvalid,
        errors.ContactNotAllowed,
        errors.OwnerUnknown,
        errors.TeamUnknown,
        errors.SourceNotGranted,
        errors.PersonUnknown,
        VocabularyValueUnknown,
        CustomFieldUnknown,
        CustomFieldInvalid,
        PhoneInCustomField,
        Suppressed,
        FieldNotWritable,
        LookupQuotaExceeded,
        MaskProbing,
    ),
)
async def create_customer(
    body: CustomerCreate, request: Request, _: CanCreate, include: CreateInclude = None
) -> Response:
    """Create one customer with its parts. A phone number that belongs to somebody else is refused.

    With `include=candidates` the answer names those who were there before, within your reach, and may be the same:
    asked, refused and counted as `POST /v1/duplicates/check` is, which explains them with their values.
    """
    context = context_of(request)
    # Before the create: a use of the lookup quota is committed, whatever becomes of the rest.
    call = call_of(request)
    if include and call.idempotency_key is not None and (told := await idempotency.find(call, request)) is not None:
        # Numbers that were looked up for the first answer are not looked up for its replay.
        return told
    found = {"candidates": await new_candidates_of(call.hub).of_new(context, body)} if include else {}
    record = await CustomerService(context).create(body)
    location = f"/v1/customers/{to_text(Prefix.CUSTOMER, record.row.id)}"
    return created(context.show(record) | found, location, context.etag(record))


@router.patch(
    "/{customer_id}",
    response_model=CustomerRead,
    responses=problems(
        errors.CustomerNotFound,
        errors.CustomerErased,
        errors.CustomerArchived,
        errors.NameInvalid,
        errors.BirthdayInvalid,
        errors.TaxIdInvalid,
        errors.OwnerUnknown,
        errors.TeamUnknown,
        errors.FieldConfirmed,
        VocabularyValueUnknown,
        CustomFieldUnknown,
        CustomFieldInvalid,
        PhoneInCustomField,
        MaskAmbiguous,
        FieldNotWritable,
    ),
)
async def update_customer(
    customer_id: CustomerId,
    body: CustomerPatch,
    request: Request,
    _: CanWrite,
    if_match: IfMatch,
) -> Response:
    """Change members of a customer by merge patch; parts have routes of their own."""
    context = context_of(request)
    return show(await CustomerService(context).patch(customer_id, body, if_match), context)


@router.post(
    "/{customer_id}/archive",
    response_model=CustomerRead,
    responses=problems(errors.CustomerNotFound, errors.CustomerErased, errors.CustomerArchived),
)
async def archive_customer(
    customer_id: CustomerId, _: CanArchive, customers: Customers, context: Context, if_match: IfMatch
) -> Response:
    """Archive a customer. Its phone numbers and external ids are free for others until it is restored."""
    return show(await customers.archive(customer_id, if_match), context)


@router.post(
    "/{customer_id}/restore",
    response_model=CustomerRead,
    responses=problems(
        errors.CustomerNotFound, errors.CustomerErased, errors.CustomerNotArchived, PhoneTaken, errors.ExternalIdTaken
    ),
)
async def restore_customer(
    customer_id: CustomerId, _: CanArchive, customers: Customers, context: Context, if_match: IfMatch
) -> Response:
    """Restore an archived customer. Refused when somebody else has taken one of its numbers or external ids."""
    return show(await customers.restore(customer_id, if_match), context)
