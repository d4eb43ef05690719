"""Scopes and services of the routes of quality."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.customers.deps import CanRead as CanReadCustomers
from custhub.features.customers.deps import CanWrite, IfMatch, context_of
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.quality.service.decisions import FindingDecisions
from custhub.features.quality.service.fixing import FixContext
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

__all__ = [
    "CanCorrect",
    "CanDecide",
    "CanRead",
    "CanReadCustomers",
    "CanWrite",
    "Decisions",
    "IfMatch",
    "context_of",
]

CanRead = Annotated[Principal, Security(door, scopes=[Scope.QUALITY_READ])]
CanDecide = Annotated[Principal, Security(door, scopes=[Scope.QUALITY_WRITE])]
#: To accept or undo writes the customer.
CanCorrect = Annotated[Principal, Security(door, scopes=[Scope.QUALITY_WRITE, Scope.CUSTOMERS_WRITE])]


async def finding_decisions(request: Request) -> FindingDecisions:
    """The use cases of findings."""
    call = call_of(request)
    hub = call.hub
    return FindingDecisions(FixContext(call.unit_of_work(), call.caller, hub.keys, hub.settings, hub.parts[STANDARDS]))


Decisions = Annotated[FindingDecisions, Depends(finding_decisions)]
