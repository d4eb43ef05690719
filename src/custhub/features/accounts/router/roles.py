"""Routes of roles."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.accounts.deps import CanManageUsers, IfMatch, TheRoles
from custhub.features.accounts.errors import (
    AccessNotGrantable,
    RoleBuiltIn,
    RoleInUse,
    RoleNameTaken,
    RoleNotFound,
    ScopeNotGrantable,
)
from custhub.features.accounts.queries.people import ROLES, role_by_id
from custhub.features.accounts.router.shapes import show, show_page, show_unless_seen
from custhub.features.accounts.schemas.answers import PageQuery, RolePage, RoleRead, etag_of, role_view
from custhub.features.accounts.schemas.bodies import RoleCreate, RolePatch
from custhub.http.answers import created, no_content
from custhub.http.fields import RoleId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/roles", "accounts")


@router.get("", response_model=RolePage)
async def list_roles(request: Request, query: Annotated[PageQuery, Query()], _: CanManageUsers) -> Response:
    """List roles, the built-in ones first."""
    return await show_page(request, ROLES, query, role_view)


@router.post(
    "",
    status_code=201,
    response_model=RoleRead,
    responses=problems(RoleNameTaken, ScopeNotGrantable, AccessNotGrantable),
)
async def create_role(body: RoleCreate, _: CanManageUsers, roles: TheRoles) -> Response:
    """Create a role, within the caller's own scopes, rows and fields."""
    view = role_view(await roles.create(body))
    return created(view, f"/v1/roles/{view['id']}", etag_of(view["revision"]))


@router.get("/{role_id}", response_model=RoleRead, responses=problems(RoleNotFound), openapi_extra=traits(CONDITIONAL))
async def get_role(role_id: RoleId, request: Request, _: CanManageUsers) -> Response:
    """Get one role."""
    row = await role_by_id(call_of(request).hub.database, role_id)
    if row is None:
        raise RoleNotFound
    return show_unless_seen(request, role_view(row))


@router.patch(
    "/{role_id}",
    response_model=RoleRead,
    responses=problems(RoleNotFound, RoleBuiltIn, ScopeNotGrantable, AccessNotGrantable),
)
async def update_role(
    role_id: RoleId, body: RolePatch, _: CanManageUsers, roles: TheRoles, if_match: IfMatch
) -> Response:
    """Change a role made here. Its holders feel it within five seconds."""
    return show(role_view(await roles.patch(role_id, body, if_match)))


@router.delete("/{role_id}", status_code=204, responses=problems(RoleNotFound, RoleBuiltIn, RoleInUse))
async def delete_role(role_id: RoleId, _: CanManageUsers, roles: TheRoles, if_match: IfMatch) -> Response:
    """Delete a role made here that nobody has."""
    await roles.delete(role_id, if_match)
    return no_content()
