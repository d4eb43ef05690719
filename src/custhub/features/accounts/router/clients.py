"""Routes of clients."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.accounts.deps import CanManageClients, IfMatch, SeenRevisions, TheClients
from custhub.features.accounts.errors import (
    AccessNotGrantable,
    ClientNotFound,
    NetworkInvalid,
    ReferenceUnknown,
    ScopeNotGrantable,
)
from custhub.features.accounts.queries.access import CLIENTS, client_by_id
from custhub.features.accounts.router.shapes import show, show_once, show_page, show_unless_seen
from custhub.features.accounts.schemas.answers import (
    ClientPage,
    ClientWithSecret,
    PageQuery,
    PartnerClientRead,
    client_view,
    etag_of,
)
from custhub.features.accounts.schemas.bodies import ClientCreate, ClientPatch, SecretRotation
from custhub.http.answers import created, no_content
from custhub.http.fields import ClientId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/clients", "accounts")


@router.get("", response_model=ClientPage)
async def list_clients(request: Request, query: Annotated[PageQuery, Query()], _: CanManageClients) -> Response:
    """List partners' programs, in the order in which they were made."""
    return await show_page(request, CLIENTS, query, client_view)


@router.post(
    "",
    status_code=201,
    response_model=ClientWithSecret,
    responses=problems(NetworkInvalid, ReferenceUnknown, ScopeNotGrantable, AccessNotGrantable),
    openapi_extra=traits(NO_STORE),
)
async def create_client(body: ClientCreate, _: CanManageClients, clients: TheClients) -> Response:
    """Create a client, within the caller's own scopes. Its secret is shown once."""
    made = await clients.create(body)
    view = {**client_view(made.record), "secret": made.secret}
    return created(view, f"/v1/clients/{view['id']}", etag_of(view["revision"]), once=("secret",))


@router.get(
    "/{client_id}",
    response_model=PartnerClientRead,
    responses=problems(ClientNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_client(client_id: ClientId, request: Request, _: CanManageClients) -> Response:
    """Get one client, without its secrets."""
    record = await client_by_id(call_of(request).hub.database, client_id)
    if record is None:
        raise ClientNotFound
    return show_unless_seen(request, client_view(record))


@router.patch(
    "/{client_id}",
    response_model=PartnerClientRead,
    responses=problems(ClientNotFound, NetworkInvalid, ReferenceUnknown, ScopeNotGrantable, AccessNotGrantable),
)
async def update_client(
    client_id: ClientId, body: ClientPatch, _: CanManageClients, clients: TheClients, if_match: IfMatch
) -> Response:
    """Change a client. It holds for tokens that are out, within five seconds."""
    return show(client_view(await clients.patch(client_id, body, if_match)))


@router.post(
    "/{client_id}/rotate-secret",
    response_model=ClientWithSecret,
    responses=problems(ClientNotFound),
    openapi_extra=traits(NO_STORE),
)
async def rotate_client_secret(
    client_id: ClientId, body: SecretRotation, _: CanManageClients, clients: TheClients, seen: SeenRevisions
) -> Response:
    """Get a new secret, shown once. The one before stays valid for the overlap; older ones end."""
    made = await clients.rotate(client_id, seen, body.overlap_seconds)
    return show_once({**client_view(made.record), "secret": made.secret}, ("secret",))


@router.post("/{client_id}/disable", response_model=PartnerClientRead, responses=problems(ClientNotFound))
async def disable_client(client_id: ClientId, _: CanManageClients, clients: TheClients) -> Response:
    """Lock a client out. Its tokens end within five seconds."""
    return show(client_view(await clients.disable(client_id)))


@router.post(
    "/{client_id}/enable", response_model=PartnerClientRead, responses=problems(ClientNotFound, ScopeNotGrantable)
)
async def enable_client(client_id: ClientId, _: CanManageClients, clients: TheClients) -> Response:
    """Let a disabled client in again."""
    return show(client_view(await clients.enable(client_id)))


@router.delete("/{client_id}", status_code=204, responses=problems(ClientNotFound))
async def delete_client(client_id: ClientId, _: CanManageClients, clients: TheClients, if_match: IfMatch) -> Response:
    """Delete a client with its secrets."""
    await clients.delete(client_id, if_match)
    return no_content()
