"""Routes of forms: schemas for front ends."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.customers.deps import CanRead, context_of
from custhub.features.customers.schemas.forms import CustomerForm, customer_form
from custhub.http.answers import ok
from custhub.http.routing import hub_router

router = hub_router("/v1/forms", "forms")


@router.get("/customer", response_model=CustomerForm)
async def get_customer_form(request: Request, who: CanRead) -> Response:
    """Get the schemas of a customer's bodies, as this caller may send them.

    A front end builds its form of them: fields that the caller's role may not write are left out, and each has its
    names in English and Chinese.
    """
    context = context_of(request)
    return ok(customer_form(who, context.standards.catalogue.value, context.access))
