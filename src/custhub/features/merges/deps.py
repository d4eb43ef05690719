"""Scopes and services of the routes of merges."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.customers.deps import context_of
from custhub.features.merges.service.merging import LINKS, Merging
from custhub.features.merges.service.undoing import Undoing
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.http.openapi import IF_MATCH_REQUIRED, declares
from custhub.kit.revisions import expected_revisions
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.MERGES_READ, Scope.CUSTOMERS_READ])]
CanMerge = Annotated[Principal, Security(door, scopes=[Scope.MERGES_EXECUTE, Scope.CUSTOMERS_WRITE])]


async def merging(request: Request) -> Merging:
    """The use cases of merges for this caller."""
    return Merging(context_of(request), call_of(request).hub.parts[LINKS])


async def undoing(request: Request) -> Undoing:
    """The undo of merges for this caller."""
    return Undoing(context_of(request), call_of(request).hub.parts[LINKS])


@declares(IF_MATCH_REQUIRED)
async def seen_revisions(request: Request) -> frozenset[int] | None:
    """The revisions the caller has seen, of If-Match; None without one, or with `*`."""
    sent = call_of(request).headers.get(b"if-match")
    return None if sent is None else expected_revisions(sent.decode("latin-1")[:200])


SeenRevisions = Annotated[frozenset[int] | None, Depends(seen_revisions)]
Undos = Annotated[Undoing, Depends(undoing)]
Merges = Annotated[Merging, Depends(merging)]
