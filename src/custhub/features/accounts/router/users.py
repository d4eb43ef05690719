"""Routes of users."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.accounts.deps import CanManageUsers, IfMatch, TheUsers
from custhub.features.accounts.errors import (
    AccessNotGrantable,
    EmailTaken,
    ExternalUser,
    LastAdministrator,
    LoginBusy,
    PasswordTooWeak,
    ReferenceUnknown,
    ScopeNotGrantable,
    UserNotFound,
)
from custhub.features.accounts.queries.people import USERS, user_by_id
from custhub.features.accounts.router.shapes import show, show_once, show_page, show_unless_seen
from custhub.features.accounts.schemas.answers import (
    PasswordResetRead,
    UserPage,
    UserQuery,
    UserRead,
    etag_of,
    user_view,
)
from custhub.features.accounts.schemas.bodies import UserCreate, UserPatch
from custhub.http.answers import created
from custhub.http.fields import UserId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/users", "accounts")


@router.get("", response_model=UserPage)
async def list_users(request: Request, query: Annotated[UserQuery, Query()], _: CanManageUsers) -> Response:
    """List users, in the order in which they were made."""
    return await show_page(request, USERS, query, user_view)


@router.post(
    "",
    status_code=201,
    response_model=UserRead,
    responses=problems(EmailTaken, ReferenceUnknown, ScopeNotGrantable, AccessNotGrantable, PasswordTooWeak, LoginBusy),
)
async def create_user(body: UserCreate, _: CanManageUsers, users: TheUsers) -> Response:
    """Create a user.

    Nobody gives a role with a scope that he lacks; the built-in roles that open numbers are an administrator's to
    give to others. A user without a password sets one with the token of a password reset.
    """
    view = user_view(await users.create(body))
    return created(view, f"/v1/users/{view['id']}", etag_of(view["revision"]))


@router.get("/{user_id}", response_model=UserRead, responses=problems(UserNotFound), openapi_extra=traits(CONDITIONAL))
async def get_user(user_id: UserId, request: Request, _: CanManageUsers) -> Response:
    """Get one user."""
    record = await user_by_id(call_of(request).hub.database, user_id)
    if record is None:
        raise UserNotFound
    return show_unless_seen(request, user_view(record))


@router.patch(
    "/{user_id}",
    response_model=UserRead,
    responses=problems(
        UserNotFound,
        EmailTaken,
        ReferenceUnknown,
        ScopeNotGrantable,
        AccessNotGrantable,
        LastAdministrator,
        ExternalUser,
    ),
)
async def update_user(
    user_id: UserId, body: UserPatch, _: CanManageUsers, users: TheUsers, if_match: IfMatch
) -> Response:
    """Change a user. `roles` replaces all roles; losing one ends the tokens that are out."""
    return show(user_view(await users.patch(user_id, body, if_match)))


@router.post(
    "/{user_id}/disable",
    response_model=UserRead,
    responses=problems(UserNotFound, LastAdministrator, ScopeNotGrantable),
)
async def disable_user(user_id: UserId, _: CanManageUsers, users: TheUsers) -> Response:
    """Lock a user out. Sessions and tokens end within five seconds."""
    return show(user_view(await users.disable(user_id)))


@router.post("/{user_id}/enable", response_model=UserRead, responses=problems(UserNotFound, ScopeNotGrantable))
async def enable_user(user_id: UserId, _: CanManageUsers, users: TheUsers) -> Response:
    """Let a disabled user log in again."""
    return show(user_view(await users.enable(user_id)))


@router.post(
    "/{user_id}/reset-password",
    response_model=PasswordResetRead,
    responses=problems(UserNotFound, ScopeNotGrantable, ExternalUser),
    openapi_extra=traits(NO_STORE),
)
async def reset_user_password(user_id: UserId, _: CanManageUsers, users: TheUsers) -> Response:
    """Take a user's password away and get a one-time token, shown once, with which the user sets the next."""
    record, token = await users.reset_password(user_id)
    view = {**user_view(record), "reset_token": token.text, "reset_expires_at": token.expires_at}
    return show_once(view, ("reset_token",))


@router.post(
    "/{user_id}/reset-totp",
    response_model=UserRead,
    responses=problems(UserNotFound, ScopeNotGrantable, ExternalUser),
)
async def reset_user_totp(user_id: UserId, _: CanManageUsers, users: TheUsers) -> Response:
    """Take a lost second factor away. Every session of the user ends."""
    return show(user_view(await users.reset_totp(user_id)))


@router.post("/{user_id}/revoke-sessions", response_model=UserRead, responses=problems(UserNotFound))
async def revoke_user_sessions(user_id: UserId, _: CanManageUsers, users: TheUsers) -> Response:
    """End every session and token of a user, within five seconds."""
    return show(user_view(await users.revoke_all(user_id)))
