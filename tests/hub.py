"""A hub in process for tests: one engine, a manual clock, tokens of any rights."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from custhub.app import Application, build
from custhub.crypto.keyring import FileKeyProvider
from custhub.http.logs import AccessLog
from custhub.kit.clock import ManualClock
from custhub.security.principal import Principal
from custhub.security.scopes import ALL
from custhub.settings import Settings
from tests.client import ApiClient, Contract
from tests.principals import InjectedTokens
from tests.told import CheckedRecorder

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_numbers = itertools.count(10_000_000)
_contract: list[Contract] = []


def make_number() -> str:
    """A valid Chinese mobile number nobody else in this run has."""
    return f"138{next(_numbers):08d}"


def make_customer(**members: Any) -> dict[str, Any]:
    """A small body of a create; members given win."""
    return {"display_name": "李娜"} | members


#: Storms of requests on a busy machine: who waits there for a connection or a lock has not lost the database.
_PATIENT = {"statement_timeout_ms": 30_000, "lock_timeout_ms": 20_000}


class HubUnderTest:
    """A started hub. `client(scopes)` gives clients of any rights; the default one holds every scope."""

    def __init__(
        self, home: Path, database_url: str = "", *, access_log: AccessLog | None = None, **settings: Any
    ) -> None:
        given: dict[str, Any] = {
            "rate_limit": "off",
            "home": home,
            "database_url": database_url,
            **_PATIENT,
            **settings,
        }
        self.settings = Settings(**given)
        self.clock = ManualClock(START)
        self.settings.keyring_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.settings.keyring_path.exists():
            FileKeyProvider(self.settings.keyring_path).create()
        self.app: Application = build(self.settings, clock=self.clock, access_log=access_log)
        self._tokens = self.app.hub.tokens = InjectedTokens(self.app.hub.tokens)
        self.app.hub.recorder = CheckedRecorder(self.app.hub.recorder)
        self.engine = self.settings.engine
        self._clients: list[ApiClient] = []

    async def start(self) -> HubUnderTest:
        """Connect."""
        await self.app.start()
        if not _contract:
            _contract.append(Contract(json.loads(json.dumps(self.app.api.openapi()))))
        self.api = self.client()
        return self

    async def stop(self) -> None:
        """Close clients and connections."""
        for client in self._clients:
            await client.aclose()
        await self.app.stop()

    def token(self, scopes: Iterable[str] = ALL, roles: Iterable[str] = ()) -> str:
        """An operator token with exactly these scopes, seeing fields as these roles do."""
        return self.app.signer.issue(
            subject="operator", client_id="operator", scope=scopes, roles=roles, lifetime_seconds=3600
        )

    def client(self, scopes: Iterable[str] = ALL, roles: Iterable[str] = (), *, token: str | None = None) -> ApiClient:
        """A client with these rights, or with this token; `token=""` sends none."""
        made = ApiClient(self.app.asgi, _contract[0], self.token(scopes, roles) if token is None else token)
        self._clients.append(made)
        return made

    def client_of(self, principal: Principal) -> ApiClient:
        """A client of a caller that no account stands behind, of any reach and field policy."""
        return self.client(token=self._tokens.invite(principal))

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        """What is stored, for assertions that nothing else can make."""
        return list(await self.app.database.fetch(sql, values))
