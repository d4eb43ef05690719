"""The route that says who may be the same person."""

from __future__ import annotations

from fastapi import Response

from custhub.features.customers import errors
from custhub.features.fields.errors import (
    CustomFieldInvalid,
    CustomFieldUnknown,
    PhoneInCustomField,
    VocabularyValueUnknown,
)
from custhub.features.matching.deps import CanCheck, Checks
from custhub.features.matching.errors import CheckUnclear
from custhub.features.matching.schemas import CandidateList, DuplicateCheck, candidates_view
from custhub.features.phones.errors import LookupQuotaExceeded, MaskProbing, PhoneInvalid, PhoneRepeated
from custhub.http.answers import NO_STORE, Answer
from custhub.http.openapi import NO_STORE as NEVER_STORED
from custhub.http.openapi import problems, traits
from custhub.http.routing import hub_router
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/duplicates/check", "duplicates")


@router.post(
    "",
    response_model=CandidateList,
    responses=problems(
        CheckUnclear,
        errors.CustomerNotFound,
        errors.CustomerErased,
        errors.NameInvalid,
        errors.BirthdayInvalid,
        errors.TaxIdInvalid,
        errors.AddressInvalid,
        errors.AddressInconsistent,
        errors.PostcodeInvalid,
        errors.ContactNotAllowed,
        PhoneInvalid,
        PhoneRepeated,
        VocabularyValueUnknown,
        CustomFieldUnknown,
        CustomFieldInvalid,
        PhoneInCustomField,
        FieldNotWritable,
        LookupQuotaExceeded,
        MaskProbing,
    ),
    openapi_extra=traits(NEVER_STORED),
)
async def check_duplicates(body: DuplicateCheck, _: CanCheck, checks: Checks) -> Response:
    """Find customers that may be the same person as a draft or as a stored customer, the surest first.

    At most five within your reach, each with its score explained, by the same scorer as scans; who was told apart
    from the customer is none. Nothing is stored. Numbers of a draft are looked up: that needs `phones:lookup`, counts
    against that quota and is audited.
    """
    if body.customer is not None:
        found = await checks.of_draft(body.customer)
    elif body.customer_id is not None:
        found = await checks.of_customer(body.customer_id)
    else:
        raise CheckUnclear
    return Answer(candidates_view(found), 200, (NO_STORE,))
