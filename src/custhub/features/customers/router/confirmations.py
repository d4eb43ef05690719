"""The route with which a person confirms what a customer's fields say."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.customers import errors
from custhub.features.customers.deps import CanWrite, IfMatch, context_of
from custhub.features.customers.schemas.answers import CustomerRead
from custhub.features.customers.schemas.confirmations import ConfirmationCreate
from custhub.features.customers.service.confirming import CustomerConfirmations
from custhub.http.answers import ok
from custhub.http.fields import CustomerId
from custhub.http.openapi import problems
from custhub.http.routing import hub_router
from custhub.security.principal import FieldNotWritable

router = hub_router("/v1/customers", "customers")


@router.post(
    "/{customer_id}/confirm",
    response_model=CustomerRead,
    responses=problems(
        errors.CustomerNotFound,
        errors.CustomerArchived,
        errors.PersonRequired,
        errors.FieldNotConfirmable,
        FieldNotWritable,
    ),
)
async def confirm_customer_fields(
    customer_id: CustomerId, body: ConfirmationCreate, request: Request, _: CanWrite, if_match: IfMatch
) -> Response:
    """Confirm what fields of a customer say, empty ones too.

    Until that expires imports, upserts and other programs do not change them: what they send instead becomes a
    finding. A PATCH by a person confirms what it sends by itself. The answer holds `provenance`.
    """
    context = context_of(request)
    record = await CustomerConfirmations(context).confirm(customer_id, body, if_match)
    asked = ("provenance",)
    return ok(context.show(record, **context.extras(record, asked)), context.etag(record, asked))
