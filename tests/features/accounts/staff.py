"""People and programs with accounts, for the tests of this feature."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.client import ApiClient
from tests.hub import HubUnderTest

PASSWORD = "correct horse battery staple"
#: Rights are at most this old (S-43).
STALE = 5.1
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """A user with a password."""

    id: str
    email: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Program:
    """A client with its secret."""

    id: str
    secret: str
    etag: str


def new_email() -> str:
    """An address nobody else in this run has."""
    return f"person{next(_numbers)}@example.com"


def raw(hub: HubUnderTest, *, peer: str = "127.0.0.1", token: str | None = None) -> httpx.AsyncClient:
    """A client that no contract is held against, from any network address."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(hub.app.asgi, client=(peer, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers)


async def hire(hub: HubUnderTest, roles: Iterable[str] = (), **members: Any) -> Person:
    """A new user with these roles."""
    body = {"email": new_email(), "name": "王伟", "roles": list(roles), "password": PASSWORD} | members
    made = await hub.api.post("/v1/users", json=body)
    assert made.status_code == 201, made.text
    return Person(made.json()["id"], body["email"], body["password"])


async def try_login(
    hub: HubUnderTest, person: Person, *, password: str | None = None, peer: str = "127.0.0.1", **members: Any
) -> httpx.Response:
    """The answer to a login."""
    body = {"email": person.email, "password": password or person.password} | members
    async with raw(hub, peer=peer) as client:
        return await client.post("/v1/auth/login", json=body)


async def log_in(hub: HubUnderTest, person: Person, **members: Any) -> dict[str, Any]:
    """The tokens of a login."""
    answer = await try_login(hub, person, **members)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def enter(hub: HubUnderTest, person: Person, **members: Any) -> ApiClient:
    """A client of somebody who has logged in."""
    return hub.client(token=(await log_in(hub, person, **members))["access_token"])


async def ask_token(hub: HubUnderTest, peer: str = "127.0.0.1", **form: str) -> httpx.Response:
    """The answer to a token request."""
    async with raw(hub, peer=peer) as client:
        return await client.post("/v1/oauth/token", data=form)


async def refresh(hub: HubUnderTest, token: str, **form: str) -> httpx.Response:
    """The answer to a refresh."""
    return await ask_token(hub, grant_type="refresh_token", refresh_token=token, **form)


async def partner(hub: HubUnderTest, scopes: Iterable[str] = ("customers:read",), **members: Any) -> Program:
    """A new client with these scopes."""
    made = await hub.api.post("/v1/clients", json={"name": "Shop", "scopes": list(scopes)} | members)
    assert made.status_code == 201, made.text
    return Program(made.json()["id"], made.json()["secret"], made.headers["etag"])


async def client_token(hub: HubUnderTest, program: Program, peer: str = "127.0.0.1", **form: str) -> httpx.Response:
    """The answer to a client that shows its secret in the form."""
    credentials = {"grant_type": "client_credentials", "client_id": program.id, "client_secret": program.secret}
    return await ask_token(hub, peer, **{**credentials, **form})


async def notes(hub: HubUnderTest, action: str) -> list[Any]:
    """Audit entries of one action: actor, object, outcome, reason."""
    return await hub.rows(
        f"SELECT actor_kind, actor_id, object_id, outcome, reason FROM audit_entries WHERE action = '{action}'"  # noqa: S608  # no input
    )
