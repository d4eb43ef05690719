"""Scopes of the routes of duplicates."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request, Security

from custhub.features.customers.deps import IfMatch, context_of
from custhub.features.duplicates.service.deciding import PairDecisions
from custhub.features.duplicates.service.modelling import SCORING, DuplicateModels
from custhub.features.merges.service.merging import LINKS, Merging
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

__all__ = ["CanManage", "CanMerge", "CanRead", "CanScan", "IfMatch", "context_of", "decisions_of", "models_of"]

CanRead = Annotated[Principal, Security(door, scopes=[Scope.MERGES_READ, Scope.CUSTOMERS_READ])]
#: A scan changes no customer.
CanScan = Annotated[Principal, Security(door, scopes=[Scope.MERGES_EXECUTE])]
CanMerge = Annotated[Principal, Security(door, scopes=[Scope.MERGES_EXECUTE, Scope.CUSTOMERS_WRITE])]
CanManage = Annotated[Principal, Security(door, scopes=[Scope.MERGES_MANAGE])]


def decisions_of(request: Request) -> PairDecisions:
    """The use cases of pairs for this caller."""
    context = context_of(request)
    return PairDecisions(context, Merging(context, call_of(request).hub.parts[LINKS]))


def models_of(request: Request) -> DuplicateModels:
    """The use cases of models for this caller."""
    return DuplicateModels(context_of(request), call_of(request).hub.parts[SCORING])
