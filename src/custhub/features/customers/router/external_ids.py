"""Routes of the external ids of a customer."""

from __future__ import annotations

from fastapi import Request, Response

from custhub.features.customers.deps import CanRead, CanWrite, PartQuery, context_of
from custhub.features.customers.errors import (
    CustomerArchived,
    CustomerErased,
    CustomerNotFound,
    ExternalIdInvalid,
    ExternalIdNotFound,
    ExternalIdTaken,
    TooManyParts,
)
from custhub.features.customers.schemas.answers import ExternalIdRead
from custhub.features.customers.schemas.bodies import ExternalIdCreate
from custhub.features.customers.schemas.part_pages import ExternalIdPage
from custhub.features.customers.schemas.views import external_id_view
from custhub.features.customers.service.external_ids import CustomerExternalIds
from custhub.http.answers import by_id, created, no_content, part_page
from custhub.http.fields import CustomerId, ExternalIdId
from custhub.http.openapi import IF_MATCH, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden, FieldNotWritable

router = hub_router("/v1/customers/{customer_id}/external-ids", "parts")


@router.get("", response_model=ExternalIdPage, responses=problems(CustomerNotFound, CustomerErased, FieldHidden))
async def list_external_ids(customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead) -> Response:
    """List the external ids of a customer: what partners call it."""
    who.require_readable(Field.EXTERNAL_IDS)
    record = await context_of(request).customers.current(customer_id)
    return part_page(request, query, record.external_ids, by_id, external_id_view)


@router.post(
    "",
    status_code=201,
    response_model=ExternalIdRead,
    responses=problems(
        CustomerNotFound,
        CustomerErased,
        CustomerArchived,
        ExternalIdInvalid,
        ExternalIdTaken,
        TooManyParts,
        FieldNotWritable,
    ),
)
async def add_external_id(customer_id: CustomerId, body: ExternalIdCreate, request: Request, _: CanWrite) -> Response:
    """Add an external id to a customer. Within its source it belongs to one customer only."""
    row = await CustomerExternalIds(context_of(request)).add(customer_id, body)
    customer = to_text(Prefix.CUSTOMER, customer_id)
    location = f"/v1/customers/{customer}/external-ids/{to_text(Prefix.EXTERNAL_ID, row.id)}"
    return created(external_id_view(row), location)


@router.delete(
    "/{external_id_id}",
    status_code=204,
    response_model=None,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, ExternalIdNotFound, FieldNotWritable),
    openapi_extra=traits(without=(IF_MATCH,)),
)
async def remove_external_id(
    customer_id: CustomerId, external_id_id: ExternalIdId, request: Request, _: CanWrite
) -> Response:
    """Remove an external id from a customer. Another may have it then."""
    await CustomerExternalIds(context_of(request)).remove(customer_id, external_id_id)
    return no_content()
