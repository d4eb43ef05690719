"""Routes of grants."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Query, Request, Response

from custhub.features.accounts.deps import CanManageUsers, TheGrants
from custhub.features.accounts.errors import (
    AdministratorRequired,
    GrantClosed,
    GrantNotFound,
    GrantTooLong,
    ReferenceUnknown,
    SecondAdministratorRequired,
)
from custhub.features.accounts.queries.people import GRANTS, grant_by_id
from custhub.features.accounts.router.shapes import show, show_page, show_unless_seen
from custhub.features.accounts.schemas.answers import etag_of
from custhub.features.accounts.schemas.grants import (
    GrantCreate,
    GrantPage,
    GrantQuery,
    GrantRead,
    grant_view,
)
from custhub.features.accounts.service.rights import OPERATOR
from custhub.http.answers import created
from custhub.http.fields import GrantId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/grants", "accounts")


def _viewer(request: Request) -> Callable[..., dict[str, Any]]:
    return partial(grant_view, now=call_of(request).hub.clock.now(), operator=OPERATOR)


@router.get("", response_model=GrantPage)
async def list_grants(request: Request, query: Annotated[GrantQuery, Query()], _: CanManageUsers) -> Response:
    """List grants, in the order in which they were proposed."""
    return await show_page(request, GRANTS, query, _viewer(request))


@router.post(
    "",
    status_code=201,
    response_model=GrantRead,
    responses=problems(AdministratorRequired, GrantTooLong, ReferenceUnknown),
)
async def propose_grant(request: Request, body: GrantCreate, _: CanManageUsers, grants: TheGrants) -> Response:
    """Propose a scope for a named user until a time.

    It counts once another administrator approves it. `exports:pii` ends within 24 hours, `phones:reveal` within
    30 days. The user's next token carries it.
    """
    view = _viewer(request)(await grants.propose(body))
    return created(view, f"/v1/grants/{view['id']}", etag_of(view["revision"]))


@router.get(
    "/{grant_id}", response_model=GrantRead, responses=problems(GrantNotFound), openapi_extra=traits(CONDITIONAL)
)
async def get_grant(grant_id: GrantId, request: Request, _: CanManageUsers) -> Response:
    """Get one grant."""
    row = await grant_by_id(call_of(request).hub.database, grant_id)
    if row is None:
        raise GrantNotFound
    return show_unless_seen(request, _viewer(request)(row))


@router.post(
    "/{grant_id}/approve",
    response_model=GrantRead,
    responses=problems(GrantNotFound, GrantClosed, AdministratorRequired, SecondAdministratorRequired),
)
async def approve_grant(grant_id: GrantId, request: Request, _: CanManageUsers, grants: TheGrants) -> Response:
    """Approve what another administrator proposed, for somebody else than oneself."""
    return show(_viewer(request)(await grants.approve(grant_id)))


@router.post(
    "/{grant_id}/revoke",
    response_model=GrantRead,
    responses=problems(GrantNotFound, GrantClosed, AdministratorRequired),
)
async def revoke_grant(grant_id: GrantId, request: Request, _: CanManageUsers, grants: TheGrants) -> Response:
    """Take a grant back, approved or not. It ends within five seconds."""
    return show(_viewer(request)(await grants.revoke(grant_id)))
