"""Scopes of the routes of events."""

from __future__ import annotations

from typing import Annotated

from fastapi import Security

from custhub.http.deps import door
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.EVENTS_READ])]
