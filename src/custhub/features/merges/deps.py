"""Scopes and services of the routes of merges."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.customers.deps import context_of
from custhub.features.merges.service.merging import LINKS, Merging
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.MERGES_READ, Scope.CUSTOMERS_READ])]
CanMerge = Annotated[Principal, Security(door, scopes=[Scope.MERGES_EXECUTE, Scope.CUSTOMERS_WRITE])]


async def merging(request: Request) -> Merging:
    """The use cases of merges for this caller."""
    return Merging(context_of(request), call_of(request).hub.parts[LINKS])


Merges = Annotated[Merging, Depends(merging)]
