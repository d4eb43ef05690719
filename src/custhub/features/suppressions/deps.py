"""Scopes and use cases of the routes of the suppression list."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.crypto.system import SystemVault
from custhub.features.suppressions.service.points import CONTACT_POINTS
from custhub.features.suppressions.service.suppressing import SuppressionService
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanManage = Annotated[Principal, Security(door, scopes=[Scope.SUPPRESSIONS_MANAGE])]


async def suppressions(request: Request) -> SuppressionService:
    """The use cases of the list."""
    call = call_of(request)
    hub = call.hub
    vault = SystemVault(hub.database, hub.keys, "suppressions")
    points = hub.parts[CONTACT_POINTS]
    return SuppressionService(call.unit_of_work(), hub.keys, vault, points, hub.settings.default_country)


Suppressions = Annotated[SuppressionService, Depends(suppressions)]
