"""Routes of the caller itself: who am I, what may I do, my second factor."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from custhub.features.accounts.deps import Caller, Parts, TheFactor
from custhub.features.accounts.errors import (
    AccountLocked,
    ExternalUser,
    InvalidTotp,
    MfaAlreadyEnabled,
    MfaNotStarted,
    TooManyLogins,
    UsersOnly,
)
from custhub.features.accounts.queries.people import user_by_id
from custhub.features.accounts.router.shapes import show_once
from custhub.features.accounts.schemas.checks import AuthorizationChecks, AuthorizationResults
from custhub.features.accounts.schemas.logins import MeRead, TotpConfirmation, TotpEnrolment
from custhub.features.accounts.service.checks import decide
from custhub.http.answers import no_content, ok
from custhub.http.hub import call_of
from custhub.http.openapi import NO_STORE, problems, traits
from custhub.http.routing import hub_router
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.security.principal import Principal
from custhub.security.reach import ReachKind

router = hub_router("/v1/me", "auth")
checks = hub_router("/v1/authz", "auth")


@router.get("", response_model=MeRead)
async def get_me(request: Request, who: Caller, parts: Parts) -> Response:
    """Get who this token is: scopes, roles, rows, fields and quotas as they are now."""
    hub = call_of(request).hub
    record = await user_by_id(hub.database, who.id) if who.kind == "user" else None
    row = None if record is None else record.row
    settings = parts.settings
    view = {
        "id": _id(who),
        "object": "me",
        "kind": who.kind,
        "name": who.name,
        "email": None if row is None else row.email,
        "team_id": None if row is None else text_or_none(Prefix.TEAM, row.team_id),
        "client_id": who.client_id,
        "scopes": sorted(who.scopes),
        "roles": sorted(who.roles),
        "reach": _reach(who),
        "fields": {field: level.name.lower() for field, level in who.policy.access.items()},
        "phone_mask": who.policy.phone_mask,
        "quotas": {
            "requests_per_minute": hub.limiter.limit,
            "reveals_per_minute": settings.reveal_per_minute,
            "reveals_per_day": who.quota.reveals_per_day or settings.reveal_per_day,
            "lookups_per_minute": settings.lookup_per_minute,
            "lookups_per_day": settings.lookup_per_day,
        },
        "mfa_enabled": row is not None and row.totp_enabled_at is not None,
        "mfa_required": who.pending is not None,
    }
    return ok(view)


@router.post(
    "/totp",
    response_model=TotpEnrolment,
    responses=problems(MfaAlreadyEnabled, UsersOnly, ExternalUser),
    openapi_extra=traits(NO_STORE),
)
async def start_totp(_: Caller, factor: TheFactor) -> Response:
    """Start a second factor. The seed is shown once; it counts after the first code confirmed it."""
    enrolment = await factor.start()
    return show_once({"secret": enrolment.secret, "otpauth_uri": enrolment.uri}, ("secret", "otpauth_uri"))


@router.post(
    "/totp/confirm",
    status_code=204,
    responses=problems(InvalidTotp, MfaNotStarted, MfaAlreadyEnabled, UsersOnly, ExternalUser),
)
async def confirm_totp(body: TotpConfirmation, _: Caller, factor: TheFactor) -> Response:
    """Switch the second factor on with a first code."""
    await factor.confirm(body.code)
    return no_content()


@router.post(
    "/totp/remove",
    status_code=204,
    responses=problems(InvalidTotp, MfaNotStarted, AccountLocked, TooManyLogins, UsersOnly, ExternalUser),
)
async def remove_totp(body: TotpConfirmation, _: Caller, factor: TheFactor) -> Response:
    """Switch the second factor off with a last code."""
    await factor.remove(body.code)
    return no_content()


@checks.post("/check", response_model=AuthorizationResults)
async def check_authorization(body: AuthorizationChecks, request: Request, who: Caller, parts: Parts) -> Response:
    """Ask in advance what this token may do. Nothing is recorded and nothing is promised for later."""
    reader = call_of(request).hub.database
    return ok({"results": [await decide(reader, who, parts.kinds, asked) for asked in body.checks]})


def _id(who: Principal) -> str:
    if who.kind == "operator":
        return who.kind
    return to_text(Prefix.USER if who.kind == "user" else Prefix.CLIENT, who.id)


def _reach(who: Principal) -> dict[str, Any]:
    scoped = who.reach.kind is not ReachKind.ALL
    params = who.reach.params
    owns = scoped and who.kind == "user" and params["reach_owner"] == who.id
    return {
        "kind": who.reach.kind.value,
        "owner_id": to_text(Prefix.USER, who.id) if owns else None,
        "team_ids": [to_text(Prefix.TEAM, team) for team in params["reach_teams"]] if scoped else [],
        "sources": list(params["reach_sources"]) if scoped else [],
    }
