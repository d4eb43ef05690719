"""The route that creates a customer, or updates the one that is there."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.customers import errors
from custhub.features.customers.deps import CanUpsert, context_of
from custhub.features.customers.schemas.upsert import UpsertRead, UpsertRequest
from custhub.features.customers.service.upserting import CustomerUpsert
from custhub.features.fields.errors import (
    CustomFieldInvalid,
    CustomFieldUnknown,
    PhoneInCustomField,
    VocabularyValueUnknown,
)
from custhub.features.phones.errors import LookupQuotaExceeded, MaskProbing, PhoneInvalid, PhoneRepeated, PhoneTaken
from custhub.features.suppressions.errors import Suppressed
from custhub.http.answers import created, ok
from custhub.http.issues import within
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, to_text
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/customers", "customers")


@router.post(
    "/upsert",
    response_model=UpsertRead,
    responses={
        201: {"model": UpsertRead},
        **problems(
            errors.MatchAmbiguous,
            errors.MatchKeyMissing,
            PhoneInvalid,
            PhoneRepeated,
            PhoneTaken,
            LookupQuotaExceeded,
            MaskProbing,
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
            errors.TooManyParts,
            VocabularyValueUnknown,
            CustomFieldUnknown,
            CustomFieldInvalid,
            PhoneInCustomField,
            Suppressed,
            FieldNotWritable,
        ),
    },
)
async def upsert_customer(body: UpsertRequest, request: Request, _: CanUpsert) -> Response:
    """Create a customer, or update the one with the same external id, phone number or e-mail address.

    201 says that it was created, 200 that it was found, and `outcome` whether anything changed. Parts are added and
    never removed. Equal calls at the same moment give one customer.
    """
    context = context_of(request)
    try:
        outcome = await CustomerUpsert(context).apply(body)
    except HubError as error:
        raise within("customer", error) from None
    record = outcome.record
    view = {"object": "upsert", "outcome": outcome.result, "customer": context.show(record)}
    if outcome.result == "created":
        return created(view, f"/v1/customers/{to_text(Prefix.CUSTOMER, record.row.id)}", context.etag(record))
    return ok(view, context.etag(record))
