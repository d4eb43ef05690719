"""Scopes, services and headers of the routes of customers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request, Security

from custhub.features.customers.schemas.listing import PageQuery
from custhub.features.customers.service.candidates import NEW_CANDIDATES, NewCandidates
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.phones import CustomerPhones
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.standards import STANDARDS, Standards
from custhub.http.deps import door
from custhub.http.hub import Hub, call_of
from custhub.http.openapi import IF_MATCH, declares
from custhub.kit.revisions import expected_revisions
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_READ])]
CanCreate = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_CREATE])]
CanWrite = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_WRITE])]
CanUpsert = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_CREATE, Scope.CUSTOMERS_WRITE])]
CanArchive = Annotated[Principal, Security(door, scopes=[Scope.CUSTOMERS_ARCHIVE])]
CanTag = Annotated[Principal, Security(door, scopes=[Scope.TAGS_WRITE])]
CanLookUp = Annotated[Principal, Security(door, scopes=[Scope.PHONES_LOOKUP])]
CanReveal = Annotated[Principal, Security(door, scopes=[Scope.PHONES_REVEAL])]
CanManageFields = Annotated[Principal, Security(door, scopes=[Scope.FIELDS_MANAGE])]
PartQuery = Annotated[PageQuery, Query()]


@declares(IF_MATCH)
async def if_match(request: Request) -> frozenset[int] | None:
    """The revisions the caller has seen, of If-Match."""
    sent = call_of(request).headers.get(b"if-match")
    return None if sent is None else expected_revisions(sent.decode("latin-1"))


def standards_of(hub: Hub) -> Standards:
    """What customers of this hub are held against."""
    standards: Standards = hub.parts[STANDARDS]
    return standards


def new_candidates_of(hub: Hub) -> NewCandidates:
    """What finds who may be the same as somebody new."""
    found: NewCandidates = hub.parts[NEW_CANDIDATES]
    return found


def context_of(request: Request) -> CustomerContext:
    """What use cases of this request work with. Hot routes call it: as a dependency it costs 25 us more."""
    call = call_of(request)
    hub = call.hub
    return CustomerContext(call.unit_of_work(), call.caller, hub.keys, hub.settings, hub.parts[STANDARDS])


async def context(request: Request) -> CustomerContext:
    """`context_of` as a dependency."""
    return context_of(request)


async def customer_service(request: Request) -> CustomerService:
    """The use cases of the customer itself."""
    return CustomerService(await context(request))


IfMatch = Annotated[frozenset[int] | None, Depends(if_match)]
Context = Annotated[CustomerContext, Depends(context)]
Customers = Annotated[CustomerService, Depends(customer_service)]


async def customer_phones(request: Request) -> CustomerPhones:
    """The use cases of numbers."""
    made = await context(request)
    return CustomerPhones(made, made.quotas)


Phones = Annotated[CustomerPhones, Depends(customer_phones)]
