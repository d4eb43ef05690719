"""Routes of webhook endpoints."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query, Request, Response

from custhub.features.webhooks.deps import (
    CanManage,
    IfMatch,
    SeenRevisions,
    TheEndpoints,
    parts_of,
)
from custhub.features.webhooks.errors import (
    WebhookEndpointNotFound,
    WebhookEventTypeUnknown,
    WebhookOwnerUnknown,
    WebhookReachRequired,
)
from custhub.features.webhooks.queries import ENDPOINTS
from custhub.features.webhooks.queries.endpoints import secrets_by_endpoint
from custhub.features.webhooks.schemas.answers import (
    WebhookAttemptRead,
    WebhookEndpointPage,
    WebhookEndpointRead,
    WebhookEndpointWithSecret,
    attempt_view,
    endpoint_etag,
    endpoint_view,
)
from custhub.features.webhooks.schemas.bodies import (
    WebhookEndpointCreate,
    WebhookEndpointPatch,
    WebhookEndpointQuery,
    WebhookSecretRotation,
)
from custhub.features.webhooks.service.endpoints import Endpoint
from custhub.features.webhooks.service.testing import ping
from custhub.http.answers import NO_STORE as NEVER_STORED
from custhub.http.answers import Answer, created, dump, no_content, not_modified, ok, page
from custhub.http.deps import TheCall
from custhub.http.fields import WebhookId
from custhub.http.hub import Call
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.egress_policy import EgressRefused
from custhub.kit.paging import Cursors

router = hub_router("/v1/webhook-endpoints", "webhooks")


@router.get("", response_model=WebhookEndpointPage)
async def list_webhook_endpoints(
    request: Request, query: Annotated[WebhookEndpointQuery, Query()], who: CanManage, call: TheCall
) -> Response:
    """List webhook endpoints, in the order in which they were made."""
    filters, database = query.filters(), call.hub.database
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "webhook-endpoints", sorted(filters.items())])
    found = await ENDPOINTS.page(database, filters, cursors.read(query.cursor), query.limit)
    secrets = await secrets_by_endpoint(database, [record.row.id for record in found.items])
    cursor = cursors.write(found.after)
    url = None
    if cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        url = f"/v1/webhook-endpoints?{urlencode([*kept, ('cursor', cursor)])}"
    now = call.hub.clock.now()
    views = [endpoint_view(record, secrets.get(record.row.id, []), now) for record in found.items]
    return page(views, cursor, url)


@router.post(
    "",
    status_code=201,
    response_model=WebhookEndpointWithSecret,
    responses=problems(EgressRefused, WebhookEventTypeUnknown, WebhookOwnerUnknown, WebhookReachRequired),
    openapi_extra=traits(NO_STORE),
)
async def create_webhook_endpoint(
    body: WebhookEndpointCreate, _: CanManage, endpoints: TheEndpoints, call: TheCall
) -> Response:
    """Set up an endpoint. Its secret is shown once.

    Events from now on are sent to it; `replay` brings those before. A body is rendered with your rights where it is
    `full`.
    """
    made = await endpoints.create(body)
    view = _view(made, call)
    return created({**view, "secret": made.secret}, _path(view), endpoint_etag(view), once=("secret",))


@router.get(
    "/{endpoint_id}",
    response_model=WebhookEndpointRead,
    responses=problems(WebhookEndpointNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_webhook_endpoint(
    endpoint_id: WebhookId, _: CanManage, endpoints: TheEndpoints, call: TheCall
) -> Response:
    """Get one endpoint and how it is doing, without its secrets."""
    view = _view(await endpoints.get(endpoint_id), call)
    etag = endpoint_etag(view)
    return not_modified(etag) if call.has_seen(etag) else ok(view, etag)


@router.patch(
    "/{endpoint_id}",
    response_model=WebhookEndpointRead,
    responses=problems(
        WebhookEndpointNotFound, EgressRefused, WebhookEventTypeUnknown, WebhookOwnerUnknown, WebhookReachRequired
    ),
)
async def update_webhook_endpoint(
    endpoint_id: WebhookId,
    body: WebhookEndpointPatch,
    _: CanManage,
    endpoints: TheEndpoints,
    call: TheCall,
    if_match: IfMatch,
) -> Response:
    """Change an endpoint. Full bodies are rendered with your rights from then on; another address starts healthy."""
    return _show(await endpoints.patch(endpoint_id, body, if_match), call)


@router.delete("/{endpoint_id}", status_code=204, responses=problems(WebhookEndpointNotFound))
async def delete_webhook_endpoint(
    endpoint_id: WebhookId, _: CanManage, endpoints: TheEndpoints, if_match: IfMatch
) -> Response:
    """Delete an endpoint with its secrets. What waits is skipped; its log stays for 30 days."""
    await endpoints.delete(endpoint_id, if_match)
    return no_content()


@router.post(
    "/{endpoint_id}/rotate-secret",
    response_model=WebhookEndpointWithSecret,
    responses=problems(WebhookEndpointNotFound),
    openapi_extra=traits(NO_STORE),
)
async def rotate_webhook_secret(
    endpoint_id: WebhookId,
    body: WebhookSecretRotation,
    _: CanManage,
    endpoints: TheEndpoints,
    call: TheCall,
    seen: SeenRevisions,
) -> Response:
    """Get a new secret, shown once. For the overlap messages carry signatures of both, newest first; at most three."""
    made = await endpoints.rotate(endpoint_id, seen, body.overlap_hours)
    view = _view(made, call)
    headers = (NEVER_STORED, (b"etag", endpoint_etag(view).encode()))
    return Answer({**view, "secret": made.secret}, 200, headers, dump({**view, "secret": None}))


@router.post("/{endpoint_id}/enable", response_model=WebhookEndpointRead, responses=problems(WebhookEndpointNotFound))
async def enable_webhook_endpoint(
    endpoint_id: WebhookId, _: CanManage, endpoints: TheEndpoints, call: TheCall
) -> Response:
    """Send to an endpoint again. What came while it was disabled was skipped; `replay` with `missing` recovers it."""
    return _show(await endpoints.enable(endpoint_id), call)


@router.post("/{endpoint_id}/disable", response_model=WebhookEndpointRead, responses=problems(WebhookEndpointNotFound))
async def disable_webhook_endpoint(
    endpoint_id: WebhookId, _: CanManage, endpoints: TheEndpoints, call: TheCall
) -> Response:
    """Send nothing to an endpoint any more. What waits, and what comes meanwhile, is recorded as skipped."""
    return _show(await endpoints.disable(endpoint_id), call)


@router.post("/{endpoint_id}/test", response_model=WebhookAttemptRead, responses=problems(WebhookEndpointNotFound))
async def ping_webhook_endpoint(endpoint_id: WebhookId, _: CanManage, call: TheCall) -> Response:
    """Send a `webhook_endpoint.ping` now and tell how it went; disabled endpoints are tested too.

    It takes up to 15 seconds. The answer's body is withheld when it comes from a private address.
    """
    return ok(attempt_view(await ping(parts_of(call), endpoint_id, call.actor, call.request_id)))


def _view(found: Endpoint, call: Call) -> dict[str, object]:
    return endpoint_view(found.record, found.secrets, call.hub.clock.now())


def _show(found: Endpoint, call: Call) -> Response:
    view = _view(found, call)
    return ok(view, endpoint_etag(view))


def _path(view: dict[str, object]) -> str:
    return f"/v1/webhook-endpoints/{view['id']}"
