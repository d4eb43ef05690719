"""Operation x scope, generated from the document: what a token lacks is refused, everywhere (S-60, contract_h2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from custhub.security.scopes import ALL
from tests.client import ApiClient
from tests.hub import HubUnderTest

_numbers = count(1)
#: Each operation meets one in so many scopes alone.
_SHARE = 9
METHODS = ("get", "post", "put", "patch", "delete")
#: Answered to anybody. One more line here is a decision.
PUBLIC = {
    "GET /.well-known/jwks.json",
    "GET /.well-known/oauth-authorization-server",
    "GET /health/live",
    "GET /health/ready",
    "POST /v1/auth/bootstrap",
    "POST /v1/auth/login",
    "POST /v1/auth/reset-password",
    "POST /v1/messages/callbacks/{channel}",  # the provider proves itself by a secret of its own (M-4)
    "POST /v1/oauth/revoke",
    "POST /v1/oauth/token",
}


class Operation(NamedTuple):
    """One operation of the document. `scopes` is None for a public one, empty where any token will do."""

    method: str
    path: str
    scopes: frozenset[str] | None
    is_keyed: bool

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def headers(self) -> dict[str, str]:
        """A key where one is wanted, another one each time."""
        return {"Idempotency-Key": f"matrix-{next(_numbers)}"} if self.is_keyed else {}

    @property
    def url(self) -> str:
        """Well-formed ids are not needed: rights are looked at first."""
        return self.path.replace("{", "").replace("}", "")


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                (security,) = item[method]["security"]
                scopes = frozenset(security["oauth2"]) if security else None
                required = {each["name"] for each in item[method].get("parameters", ()) if each.get("required")}
                yield Operation(method, path, scopes, "Idempotency-Key" in required)


async def test_every_operation_but_the_public_ones_wants_a_token(hub: HubUnderTest) -> None:
    stranger = hub.client(token="")
    found = list(operations(hub.app.api.openapi()))
    assert {operation.name for operation in found if operation.scopes is None} == PUBLIC
    for operation in found:
        if operation.scopes is not None:
            answer = await stranger.request(operation.method, operation.url)
            assert (answer.status_code, answer.json()["code"]) == (401, "token_missing"), operation.name


async def test_every_operation_refuses_every_token_without_its_scope(hub: HubUnderTest) -> None:
    """All scopes but the one that is needed; and others alone, each operation some of them, all scopes some operations.

    Every refusal is an audit entry and so a COMMIT: each scope alone against each operation would take minutes.
    """
    found = [operation for operation in operations(hub.app.api.openapi()) if operation.scopes]
    asked = {scope for operation in found for scope in operation.scopes or ()}
    assert asked <= ALL
    clients = {scope: hub.client(scopes=ALL - {scope}) for scope in asked}
    alone = [(scope, hub.client(scopes=[scope])) for scope in sorted(ALL)]
    for number, operation in enumerate(found):
        needed = operation.scopes or frozenset()
        for scope in needed:
            await _refused(clients[scope], operation, ALL - {scope})
        for scope, client in alone[number % _SHARE :: _SHARE]:
            if needed - {scope}:
                await _refused(client, operation, frozenset({scope}))


async def _refused(client: ApiClient, operation: Operation, scopes: frozenset[str]) -> None:
    answer = await client.request(operation.method, operation.url, headers=operation.headers)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (403, "insufficient_scope"), (operation.name, scopes)
    assert problem["scope"] in (operation.scopes or frozenset()) - scopes


async def test_the_scope_that_an_operation_names_opens_it(hub: HubUnderTest) -> None:
    """With it the request is read: whatever is wrong then, it is not the right to ask."""
    for operation in operations(hub.app.api.openapi()):
        if operation.scopes:
            client = hub.client(scopes=operation.scopes)
            answer = await client.request(operation.method, operation.url, headers=operation.headers)
            assert answer.status_code != 401, operation.name
            assert answer.status_code != 403 or answer.json()["code"] != "insufficient_scope", operation.name
