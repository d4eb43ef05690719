"""Routes of the postal addresses of a customer."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from custhub.features.customers.deps import CanRead, CanWrite, IfMatch, PartQuery, context_of
from custhub.features.customers.errors import (
    AddressInconsistent,
    AddressInvalid,
    AddressNotFound,
    CountryInvalid,
    CustomerArchived,
    CustomerErased,
    CustomerNotFound,
    PostcodeInvalid,
    TooManyParts,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.answers import AddressRead
from custhub.features.customers.schemas.bodies import AddressCreate, AddressPatch
from custhub.features.customers.schemas.part_pages import AddressPage
from custhub.features.customers.schemas.views import address_view, etag_of
from custhub.features.customers.service.addresses import CustomerAddresses
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.errors import MaskAmbiguous
from custhub.features.phones.rules import MaskStyle
from custhub.http.answers import by_id, created, no_content, not_modified, ok, part_page
from custhub.http.fields import AddressId, CustomerId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden, FieldNotWritable

router = hub_router("/v1/customers/{customer_id}/addresses", "parts")


def _view(record: CustomerRecord, row: Any, context: CustomerContext) -> dict[str, Any]:
    return address_view(row, context.readable_dek(record), MaskStyle(context.who.policy.phone_mask))


@router.get("", response_model=AddressPage, responses=problems(CustomerNotFound, CustomerErased, FieldHidden))
async def list_addresses(customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead) -> Response:
    """List the postal addresses of a customer. Phone numbers in them are masked."""
    who.require_readable(Field.ADDRESSES)
    context = context_of(request)
    record = await context.customers.current(customer_id)
    return part_page(request, query, record.addresses, by_id, lambda row: _view(record, row, context))


@router.post(
    "",
    status_code=201,
    response_model=AddressRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        CountryInvalid,
        AddressInvalid,
        AddressInconsistent,
        PostcodeInvalid,
        TooManyParts,
        FieldNotWritable,
    ),
)
async def add_address(customer_id: CustomerId, body: AddressCreate, request: Request, who: CanWrite) -> Response:
    """Add a postal address to a customer. The first one, or one that says so, is the primary one."""
    context = context_of(request)
    record, row = await CustomerAddresses(context).add(customer_id, body)
    location = f"/v1/customers/{to_text(Prefix.CUSTOMER, customer_id)}/addresses/{to_text(Prefix.ADDRESS, row.id)}"
    return created(_view(record, row, context), location, etag_of(row.revision, who.policy.digest))


@router.get(
    "/{address_id}",
    response_model=AddressRead,
    responses=problems(CustomerNotFound, CustomerErased, AddressNotFound, FieldHidden),
    openapi_extra=traits(CONDITIONAL),
)
async def get_address(customer_id: CustomerId, address_id: AddressId, request: Request, who: CanRead) -> Response:
    """Get one postal address of a customer."""
    who.require_readable(Field.ADDRESSES)
    context = context_of(request)
    record = await context.customers.current(customer_id)
    row = CustomerAddresses(context).of(record, address_id)
    etag = etag_of(row.revision, who.policy.digest)
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(_view(record, row, context), etag)


@router.patch(
    "/{address_id}",
    response_model=AddressRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        AddressNotFound,
        CountryInvalid,
        AddressInvalid,
        AddressInconsistent,
        PostcodeInvalid,
        MaskAmbiguous,
        FieldNotWritable,
    ),
)
async def update_address(
    customer_id: CustomerId,
    address_id: AddressId,
    body: AddressPatch,
    request: Request,
    who: CanWrite,
    if_match: IfMatch,
) -> Response:
    """Change parts of a postal address by merge patch; the whole is brought into standard form again."""
    context = context_of(request)
    record, row = await CustomerAddresses(context).change(customer_id, address_id, body, if_match)
    return ok(_view(record, row, context), etag_of(row.revision, who.policy.digest))


@router.delete(
    "/{address_id}",
    status_code=204,
    response_model=None,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, AddressNotFound, FieldNotWritable),
)
async def remove_address(
    customer_id: CustomerId, address_id: AddressId, request: Request, _: CanWrite, if_match: IfMatch
) -> Response:
    """Remove a postal address. The oldest that remains becomes the primary one where this was it."""
    await CustomerAddresses(context_of(request)).remove(customer_id, address_id, if_match)
    return no_content()
