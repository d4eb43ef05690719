"""Scopes and use cases of the routes of consents."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.consents.service.recording import ConsentLedger
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.CONSENTS_READ])]
CanWrite = Annotated[Principal, Security(door, scopes=[Scope.CONSENTS_WRITE])]


async def ledger(request: Request) -> ConsentLedger:
    """The ledger in the unit of work of this request."""
    call = call_of(request)
    return ConsentLedger(call.unit_of_work(), call.hub.keys)


Ledger = Annotated[ConsentLedger, Depends(ledger)]
