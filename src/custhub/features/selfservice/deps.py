"""Services of the routes of self-service links."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from custhub.features.customers.deps import CanRead, CanWrite, context_of
from custhub.features.selfservice.service.offering import SelfServiceLinks
from custhub.features.selfservice.service.parts import SELF_SERVICE
from custhub.http.hub import call_of

__all__ = ["CanRead", "CanWrite", "Links"]


async def links(request: Request) -> SelfServiceLinks:
    """The use cases of links for this caller."""
    return SelfServiceLinks(context_of(request), call_of(request).hub.parts[SELF_SERVICE])


Links = Annotated[SelfServiceLinks, Depends(links)]
