"""Scopes and services of the routes of findings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.customers.deps import IfMatch, context_of
from custhub.features.quality.service.decisions import FindingDecisions
from custhub.http.deps import door
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

__all__ = ["CanCorrect", "CanDecide", "CanRead", "Decisions", "IfMatch", "context_of"]

CanRead = Annotated[Principal, Security(door, scopes=[Scope.QUALITY_READ])]
CanDecide = Annotated[Principal, Security(door, scopes=[Scope.QUALITY_WRITE])]
#: To accept or undo writes the customer.
CanCorrect = Annotated[Principal, Security(door, scopes=[Scope.QUALITY_WRITE, Scope.CUSTOMERS_WRITE])]


async def finding_decisions(request: Request) -> FindingDecisions:
    """The use cases of findings."""
    return FindingDecisions(context_of(request))


Decisions = Annotated[FindingDecisions, Depends(finding_decisions)]
