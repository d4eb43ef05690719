"""Routes of the tags of a customer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response

from custhub.features.customers.deps import CanRead, CanTag, PartQuery, context_of
from custhub.features.customers.errors import (
    CustomerArchived,
    CustomerErased,
    CustomerNotFound,
    TagInvalid,
    TagNotFound,
    TooManyParts,
)
from custhub.features.customers.schemas.answers import TagRead
from custhub.features.customers.schemas.bodies import TagName
from custhub.features.customers.schemas.part_pages import TagPage
from custhub.features.customers.schemas.views import tag_view
from custhub.features.customers.service.tags import CustomerTags
from custhub.http.answers import no_content, ok, part_page
from custhub.http.fields import CustomerId
from custhub.http.openapi import IF_MATCH, problems, traits
from custhub.http.routing import hub_router
from custhub.security.fields import Field
from custhub.security.principal import FieldHidden, FieldNotWritable

router = hub_router("/v1/customers/{customer_id}/tags", "parts")

Tag = Annotated[TagName, Path(description="The tag; VIP and vip are one")]


@router.get("", response_model=TagPage, responses=problems(CustomerNotFound, CustomerErased, FieldHidden))
async def list_tags(customer_id: CustomerId, query: PartQuery, request: Request, who: CanRead) -> Response:
    """List the tags of a customer, with who added them and when."""
    who.require_readable(Field.TAGS)
    record = await context_of(request).customers.current(customer_id)
    return part_page(request, query, record.tags, lambda row: row.tag_key, tag_view)


# A tag may hold a slash: its parameter takes the rest of the path.
@router.put(
    "/{tag:path}",
    response_model=TagRead,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, TagInvalid, TooManyParts, FieldNotWritable),
)
async def put_tag(customer_id: CustomerId, tag: Tag, request: Request, _: CanTag) -> Response:
    """Tag a customer. A tag that it has already stays as it was first added; adding and removing commute."""
    return ok(tag_view(await CustomerTags(context_of(request)).add(customer_id, tag)))


@router.delete(
    "/{tag:path}",
    status_code=204,
    response_model=None,
    responses=problems(CustomerNotFound, CustomerErased, CustomerArchived, TagInvalid, TagNotFound, FieldNotWritable),
    openapi_extra=traits(without=(IF_MATCH,)),
)
async def remove_tag(customer_id: CustomerId, tag: Tag, request: Request, _: CanTag) -> Response:
    """Take a tag off a customer."""
    await CustomerTags(context_of(request)).remove(customer_id, tag)
    return no_content()
