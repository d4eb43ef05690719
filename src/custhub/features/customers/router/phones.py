"""Routes of the numbers of a customer."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.deps import CanRead, CanReveal, CanWrite, Context, IfMatch, PartQuery, Phones
from custhub.features.customers.errors import CustomerArchived, CustomerErased, CustomerNotFound, TooManyParts
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.answers import PhonePage
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.errors import PhoneInvalid, PhoneNotFound, PhoneTaken, RevealQuotaExceeded
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import MaskStyle
from custhub.features.phones.schemas import (
    PhoneCreate,
    PhonePatch,
    PhoneRead,
    PhoneReveal,
    PhoneRevealed,
    PhoneVerify,
    phone_view,
)
from custhub.features.suppressions.errors import Suppressed
from custhub.http.answers import by_id, created, no_content, not_modified, ok, part_page, secret
from custhub.http.fields import CustomerId, PhoneId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden, FieldNotWritable

router = hub_router("/v1/customers", "phones")


def _view(record: CustomerRecord, row: PhoneRow, context: CustomerContext) -> dict[str, object]:
    return phone_view(row, context.dek(record), MaskStyle(context.who.policy.phone_mask), lenient=False)


def _etag(row: PhoneRow, context: CustomerContext) -> str:
    return f'"{row.revision}-{context.who.policy.digest}"'


@router.get(
    "/{customer_id}/phones", response_model=PhonePage, responses=problems(CustomerNotFound, CustomerErased, FieldHidden)
)
async def list_phones(
    customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead, context: Context
) -> Response:
    """List the phone numbers of a customer, masked."""
    who.require_readable(Field.PHONES)
    record = await context.customers.current(customer_id)
    dek, style = context.readable_dek(record), MaskStyle(who.policy.phone_mask)
    return part_page(request, query, record.phones, by_id, lambda phone: phone_view(phone, dek, style))


@router.post(
    "/{customer_id}/phones",
    status_code=201,
    response_model=PhoneRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        PhoneInvalid,
        PhoneTaken,
        TooManyParts,
        Suppressed,
        FieldNotWritable,
        IntegrityError,
    ),
)
async def add_phone(
    customer_id: CustomerId, body: PhoneCreate, _: CanWrite, phones: Phones, context: Context
) -> Response:
    """Add a phone number to a customer. The first one, or one that says so, is the primary one."""
    record, row = await phones.add(customer_id, body)
    location = f"/v1/customers/{to_text(Prefix.CUSTOMER, customer_id)}/phones/{to_text(Prefix.PHONE, row.id)}"
    return created(_view(record, row, context), location, _etag(row, context))


@router.get(
    "/{customer_id}/phones/{phone_id}",
    response_model=PhoneRead,
    responses=problems(CustomerNotFound, CustomerErased, PhoneNotFound, FieldHidden, IntegrityError),
    openapi_extra=traits(CONDITIONAL),
)
async def get_phone(
    customer_id: CustomerId, phone_id: PhoneId, request: Request, who: CanRead, phones: Phones, context: Context
) -> Response:
    """Get one phone number of a customer, masked."""
    who.require_readable(Field.PHONES)
    record = await context.customers.current(customer_id)
    row = phones.of(record, phone_id)
    etag = _etag(row, context)
    return not_modified(etag) if call_of(request).has_seen(etag) else ok(_view(record, row, context), etag)


@router.patch(
    "/{customer_id}/phones/{phone_id}",
    response_model=PhoneRead,
    responses=problems(
        CustomerNotFound, CustomerErased, CustomerArchived, PhoneNotFound, PhoneTaken, FieldNotWritable, IntegrityError
    ),
)
async def update_phone(
    customer_id: CustomerId,
    phone_id: PhoneId,
    body: PhonePatch,
    _: CanWrite,
    phones: Phones,
    context: Context,
    if_match: IfMatch,
) -> Response:
    """Change label, primary, shared, status or expiry of a number. A changed or dead number is free for others."""
    record, row = await phones.change(customer_id, phone_id, body, if_match)
    return ok(_view(record, row, context), _etag(row, context))


@router.delete(
    "/{customer_id}/phones/{phone_id}",
    status_code=204,
    response_model=None,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, PhoneNotFound, FieldNotWritable),
)
async def remove_phone(
    customer_id: CustomerId, phone_id: PhoneId, _: CanWrite, phones: Phones, if_match: IfMatch
) -> Response:
    """Remove a phone number from a customer. Where it was the primary one, the oldest other one becomes that."""
    await phones.remove(customer_id, phone_id, if_match)
    return no_content()


@router.post(
    "/{customer_id}/phones/{phone_id}/verify",
    response_model=PhoneRead,
    responses=problems(
        CustomerNotFound, CustomerErased, CustomerArchived, PhoneNotFound, PhoneTaken, FieldHidden, IntegrityError
    ),
)
async def verify_phone(
    customer_id: CustomerId, phone_id: PhoneId, body: PhoneVerify, _: CanWrite, phones: Phones, context: Context
) -> Response:
    """Record the result of an attempt to reach the customer at this number.

    Only proof (`reached_owner`, `code_confirmed`) sets `verified_at`; `wrong_person` makes the number `changed`,
    `no_such_number` makes it `dead`, and both free it for others.
    """
    record, row = await phones.verify(customer_id, phone_id, body)
    return ok(_view(record, row, context), _etag(row, context))


@router.post(
    "/{customer_id}/phones/{phone_id}/reveal",
    response_model=PhoneRevealed,
    responses=problems(
        CustomerNotFound, CustomerErased, PhoneNotFound, RevealQuotaExceeded, FieldHidden, IntegrityError
    ),
    openapi_extra=traits(NO_STORE),
)
async def reveal_phone(
    customer_id: CustomerId, phone_id: PhoneId, body: PhoneReveal, _: CanReveal, phones: Phones
) -> Response:
    """Reveal a phone number in full, with a reason. It is audited before it is answered."""
    e164, _separator, extension = (await phones.reveal(customer_id, phone_id, body)).partition(";ext=")
    return secret({"e164": e164, "extension": extension or None})
