"""Scopes and services of the check for duplicates."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.customers.deps import context_of
from custhub.features.matching.service.candidates import CANDIDATES
from custhub.features.matching.service.checking import DuplicateChecks
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanCheck = Annotated[Principal, Security(door, scopes=[Scope.MERGES_READ, Scope.CUSTOMERS_READ])]


async def duplicate_checks(request: Request) -> DuplicateChecks:
    """The use cases of checks."""
    return DuplicateChecks(context_of(request), call_of(request).hub.parts[CANDIDATES])


Checks = Annotated[DuplicateChecks, Depends(duplicate_checks)]
