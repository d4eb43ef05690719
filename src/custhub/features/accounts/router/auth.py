"""Routes of people who prove who they are."""

from __future__ import annotations

from fastapi import Response

from custhub.features.accounts.deps import Caller, TheLogins, TheSessions
from custhub.features.accounts.errors import (
    AccountLocked,
    EmailTaken,
    ExternalUser,
    InvalidBootstrapToken,
    InvalidCredentials,
    InvalidResetToken,
    InvalidTotp,
    LoginBusy,
    MfaRequired,
    PasswordTooWeak,
    TooManyLogins,
    UsersOnly,
)
from custhub.features.accounts.schemas.answers import UserRead, etag_of, user_view
from custhub.features.accounts.schemas.logins import (
    BootstrapRequest,
    LoginRequest,
    PasswordChange,
    PasswordReset,
    TokensRead,
)
from custhub.features.accounts.service.sessions import Tokens
from custhub.http.answers import created, no_content, secret
from custhub.http.openapi import NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.db import DatabaseUnavailable, DiskFull, LockTimeout

router = hub_router("/v1/auth", "auth")
#: How a write of nobody known ends when the database does not take it.
STORAGE = (DatabaseUnavailable, LockTimeout, DiskFull)


def tokens_view(tokens: Tokens) -> dict[str, object]:
    """The body of RFC 6749, section 5.1; a program gets no refresh token."""
    view = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "scope": tokens.scope,
    }
    return view if tokens.refresh_token is None else {**view, "refresh_token": tokens.refresh_token}


@router.post(
    "/login",
    response_model=TokensRead,
    responses=problems(InvalidCredentials, MfaRequired, InvalidTotp, AccountLocked, TooManyLogins, LoginBusy, *STORAGE),
    openapi_extra=traits(NO_STORE),
)
async def log_in(body: LoginRequest, logins: TheLogins) -> Response:
    """Log in with e-mail address and password.

    Where a second factor is set up, its code belongs to the request. Five failures lock the account for a while,
    each further one for longer. What exactly was wrong is not told.
    """
    return secret(tokens_view(await logins.log_in(body.email, body.password, body.totp_code)))


@router.post(
    "/bootstrap",
    status_code=201,
    response_model=UserRead,
    responses=problems(InvalidBootstrapToken, PasswordTooWeak, LoginBusy, EmailTaken, *STORAGE),
)
async def bootstrap_hub(body: BootstrapRequest, logins: TheLogins) -> Response:
    """Create the first administrator of a new hub.

    The token comes from the operator, works once and for a quarter of an hour.
    """
    view = user_view(await logins.bootstrap(body))
    return created(view, f"/v1/users/{view['id']}", etag_of(view["revision"]))


@router.post("/logout", status_code=204, responses=problems(UsersOnly))
async def log_out(who: Caller, sessions: TheSessions) -> Response:
    """Log out. The session ends with all its tokens, within five seconds.

    A person of another issuer has no session here: that token ends. Programs end theirs at `/v1/oauth/revoke`.
    """
    await sessions.end(who)
    return no_content()


@router.post(
    "/password",
    status_code=204,
    responses=problems(
        InvalidCredentials, PasswordTooWeak, AccountLocked, TooManyLogins, LoginBusy, UsersOnly, ExternalUser
    ),
)
async def change_password(body: PasswordChange, who: Caller, logins: TheLogins) -> Response:
    """Change the own password. Every session ends, this one too: log in again."""
    await logins.change_password(who, body.current_password, body.password)
    return no_content()


@router.post(
    "/reset-password",
    status_code=204,
    responses=problems(InvalidResetToken, PasswordTooWeak, LoginBusy, *STORAGE),
)
async def redeem_password_reset(body: PasswordReset, logins: TheLogins) -> Response:
    """Set a new password with the one-time token that an administrator made."""
    await logins.reset_password(body.token, body.password)
    return no_content()
