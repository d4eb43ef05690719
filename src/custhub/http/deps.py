"""Dependencies of every route: who is calling, and the unit of work."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import OAuth2, SecurityScopes

from custhub.http.hub import Call, call_of
from custhub.kit.uow import UnitOfWork
from custhub.security.addresses import AddressNotAllowed, address_allowed, client_address
from custhub.security.principal import InsufficientScope, Principal
from custhub.security.scopes import DESCRIPTIONS


class Door(OAuth2):
    """Checks the scopes a route names and gives the caller; publishes both in the document in one step (P12)."""

    def __init__(self) -> None:
        scopes = {scope.value: text for scope, text in DESCRIPTIONS.items()}
        super().__init__(
            flows={"clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": scopes}},
            scheme_name="oauth2",
            auto_error=False,
        )

    async def __call__(self, request: Request, scopes: SecurityScopes) -> Principal:  # type: ignore[override]
        """The caller. Raises InsufficientScope, AddressNotAllowed, MfaEnrolmentRequired."""
        principal = call_of(request).caller
        if principal.networks and not address_allowed(caller_address(request), principal.networks):
            raise AddressNotAllowed
        for scope in scopes.scopes:
            if scope not in principal.scopes:
                raise InsufficientScope(scope) if principal.pending is None else principal.pending
        return principal


door = Door()


def caller_address(request: Request) -> str:
    """The network address of who is calling, behind the proxies that are trusted (S-47a)."""
    call = call_of(request)
    peer = "" if request.client is None else request.client.host
    forwarded = call.headers.get(b"x-forwarded-for", b"").decode("latin-1")
    return client_address(peer, forwarded, call.hub.trusted_proxies)


async def authenticate(call: Call) -> None:
    """Find out who is calling, before anything of the body is read. Raises TokenMissing, InvalidToken, RateLimited."""
    if call.principal is None:
        call.principal = await call.hub.tokens.principal(call.headers.get(b"authorization"))
        call.rate = call.hub.limiter.count(call.principal.id)
        if call.rate is not None:
            call.rate.check()


async def unit_of_work(request: Request) -> UnitOfWork:
    """The unit of work of this request; the route class commits it after the endpoint, before the answer."""
    return call_of(request).unit_of_work()


async def call(request: Request) -> Call:
    """The state of this request."""
    return call_of(request)


Uow = Annotated[UnitOfWork, Depends(unit_of_work)]
TheCall = Annotated[Call, Depends(call)]
