"""Scopes, use cases and headers of the routes of webhooks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security

from custhub.features.webhooks.service.deliveries import Deliveries
from custhub.features.webhooks.service.endpoints import Endpoints
from custhub.features.webhooks.service.parts import WEBHOOKS, WebhookParts
from custhub.http.deps import door
from custhub.http.hub import Call, call_of
from custhub.http.openapi import IF_MATCH, IF_MATCH_REQUIRED, declares
from custhub.kit.revisions import expected_revisions
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanManage = Annotated[Principal, Security(door, scopes=[Scope.WEBHOOKS_MANAGE])]


def parts_of(call: Call) -> WebhookParts:
    """What the use cases of webhooks share."""
    parts: WebhookParts = call.hub.parts[WEBHOOKS]
    return parts


@declares(IF_MATCH)
async def if_match(request: Request) -> frozenset[int] | None:
    """The revisions the caller has seen, of If-Match."""
    return _revisions(request)


@declares(IF_MATCH_REQUIRED)
async def seen_revisions(request: Request) -> frozenset[int] | None:
    """The same where there must be some."""
    return _revisions(request)


def _revisions(request: Request) -> frozenset[int] | None:
    sent = call_of(request).headers.get(b"if-match")
    return None if sent is None else expected_revisions(sent.decode("latin-1")[:200])


async def endpoints(request: Request) -> Endpoints:
    """Managing endpoints."""
    call = call_of(request)
    return Endpoints(call.unit_of_work(), call.caller, parts_of(call))


async def deliveries(request: Request) -> Deliveries:
    """Sending again."""
    call = call_of(request)
    return Deliveries(call.unit_of_work(), parts_of(call))


IfMatch = Annotated[frozenset[int] | None, Depends(if_match)]
SeenRevisions = Annotated[frozenset[int] | None, Depends(seen_revisions)]
TheEndpoints = Annotated[Endpoints, Depends(endpoints)]
TheDeliveries = Annotated[Deliveries, Depends(deliveries)]
