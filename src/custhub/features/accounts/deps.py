"""Scopes, use cases and headers of the routes of accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request, Security

from custhub.features.accounts.service.clients import Clients
from custhub.features.accounts.service.grants import Grants
from custhub.features.accounts.service.logins import Logins
from custhub.features.accounts.service.parts import ACCOUNTS, AccountParts
from custhub.features.accounts.service.roles import Roles
from custhub.features.accounts.service.sessions import Sessions
from custhub.features.accounts.service.teams import Teams
from custhub.features.accounts.service.totp import SecondFactor
from custhub.features.accounts.service.users import Users
from custhub.http.deps import caller_address, door
from custhub.http.hub import Call, call_of
from custhub.http.openapi import IF_MATCH_REQUIRED, declares
from custhub.kit.revisions import expected_revisions
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

#: Anybody with a valid token, whatever it may do.
Caller = Annotated[Principal, Security(door, scopes=[])]
CanManageUsers = Annotated[Principal, Security(door, scopes=[Scope.USERS_MANAGE])]
CanManageClients = Annotated[Principal, Security(door, scopes=[Scope.CLIENTS_MANAGE])]

_Text = Annotated[str | None, Header(max_length=200)]


async def if_match(if_match: _Text = None) -> frozenset[int] | None:
    """The revisions the caller has seen, of If-Match."""
    return expected_revisions(if_match)


@declares(IF_MATCH_REQUIRED)
async def seen_revisions(request: Request) -> frozenset[int] | None:
    """The same where there must be some."""
    sent = call_of(request).headers.get(b"if-match")
    return expected_revisions(None if sent is None else sent.decode("latin-1")[:200])


IfMatch = Annotated[frozenset[int] | None, Depends(if_match)]
SeenRevisions = Annotated[frozenset[int] | None, Depends(seen_revisions)]


def parts_of(call: Call) -> AccountParts:
    """What the use cases of accounts share."""
    parts: AccountParts = call.hub.parts[ACCOUNTS]
    return parts


async def parts(request: Request) -> AccountParts:
    """`parts_of` as a dependency."""
    return parts_of(call_of(request))


async def logins(request: Request) -> Logins:
    """Logging in and all around passwords."""
    call = call_of(request)
    return Logins(parts_of(call), call.unit_of_work(), caller_address(request))


async def sessions(request: Request) -> Sessions:
    """Sessions and their tokens."""
    call = call_of(request)
    return Sessions(parts_of(call), call.unit_of_work())


async def second_factor(request: Request) -> SecondFactor:
    """The caller's own second factor."""
    call = call_of(request)
    return SecondFactor(parts_of(call), call.unit_of_work(), call.caller, caller_address(request))


async def users(request: Request) -> Users:
    """Managing users."""
    call = call_of(request)
    return Users(call.unit_of_work(), call.caller, parts_of(call).hashing)


async def teams(request: Request) -> Teams:
    """Managing teams."""
    return Teams(call_of(request).unit_of_work())


async def roles(request: Request) -> Roles:
    """Managing roles."""
    call = call_of(request)
    return Roles(call.unit_of_work(), call.caller)


async def clients(request: Request) -> Clients:
    """Managing clients."""
    call = call_of(request)
    return Clients(call.unit_of_work(), call.caller)


async def grants(request: Request) -> Grants:
    """Proposing and approving grants."""
    call = call_of(request)
    return Grants(call.unit_of_work(), call.caller)


Parts = Annotated[AccountParts, Depends(parts)]
TheLogins = Annotated[Logins, Depends(logins)]
TheSessions = Annotated[Sessions, Depends(sessions)]
TheFactor = Annotated[SecondFactor, Depends(second_factor)]
TheUsers = Annotated[Users, Depends(users)]
TheTeams = Annotated[Teams, Depends(teams)]
TheRoles = Annotated[Roles, Depends(roles)]
TheClients = Annotated[Clients, Depends(clients)]
TheGrants = Annotated[Grants, Depends(grants)]
