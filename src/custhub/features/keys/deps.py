"""Scopes and services of the routes of keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request, Security

from custhub.features.keys.service.registry import KeyRegistry
from custhub.features.keys.service.rotations import RotationService
from custhub.features.keys.service.states import KeyStates
from custhub.http.deps import door
from custhub.http.hub import Call, call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanManage = Annotated[Principal, Security(door, scopes=[Scope.KEYS_MANAGE])]
IfNoneMatch = Annotated[str | None, Header()]


def _states(call: Call) -> KeyStates:
    hub = call.hub
    return KeyStates(hub.database, hub.keys, hub.clock, hub.unit_of_work)


async def key_registry(request: Request) -> KeyRegistry:
    """Adding and retiring keys."""
    call = call_of(request)
    return KeyRegistry(call.unit_of_work(), _states(call))


async def rotation_service(request: Request) -> RotationService:
    """Starting rotations."""
    call = call_of(request)
    return RotationService(call.unit_of_work(), _states(call))


Keys = Annotated[KeyRegistry, Depends(key_registry)]
Rotations = Annotated[RotationService, Depends(rotation_service)]
