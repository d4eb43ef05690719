"""What tests of webhooks do with a hub: set endpoints up, cause events, let the relay and the sender work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.client import ApiClient
from tests.customers import create_customer
from tests.hub import HubUnderTest


class Stage:
    """A hub at the present time: signatures are checked against it."""

    def __init__(self, hub: HubUnderTest) -> None:
        self.hub = hub
        hub.clock.advance((datetime.now(UTC) - hub.clock.now()).total_seconds())
        self.api: ApiClient = hub.client()
        self.webhooks = hub.app.webhooks

    async def endpoint(self, url: str, event_types: Iterable[str] = ("customer.*",), **members: Any) -> dict[str, Any]:
        """A new endpoint with its secret."""
        body = {"url": url, "event_types": list(event_types)} | members
        answer = await self.api.post("/v1/webhook-endpoints", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def customer(self, **members: Any) -> dict[str, Any]:
        """A new customer: one event."""
        return await create_customer(self.api, **members)

    async def place(self) -> None:
        """Let the relay give events their places, and deliveries."""
        await self.hub.app.events.drain()

    async def send(self) -> None:
        """Let the sender send what is due."""
        await self.webhooks.sender.drain()

    async def settle(self) -> None:
        """Both."""
        await self.place()
        await self.send()

    async def make_due(self) -> None:
        """What waits is due now, probes too."""
        past = "0" if self.hub.engine == "sqlite" else "'epoch'"
        await self.execute(f"UPDATE webhook_deliveries SET next_attempt_at = {past} WHERE state = 'pending'")  # noqa: S608  # no input
        await self.execute("UPDATE webhook_health SET probe_at = NULL")

    async def execute(self, sql: str) -> None:
        """Change what is stored."""
        async with self.hub.app.database.transaction() as connection:
            await connection.execute(sql, ())

    async def shift(self, table: str, column: str, hours: float, where: str = "1 = 1") -> None:
        """Move a stored time into the past."""
        seconds = int(hours * 3_600)
        earlier = f"{column} - {seconds * 1_000_000}"
        if self.hub.engine == "postgresql":
            earlier = f"{column} - interval '{seconds} seconds'"
        await self.execute(f"UPDATE {table} SET {column} = {earlier} WHERE {where}")  # noqa: S608  # no input

    async def deliveries(self, **filters: str) -> list[dict[str, Any]]:
        """The log, oldest first."""
        answer = await self.api.get("/v1/webhook-deliveries", params={"limit": "200", **filters})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found[::-1]

    async def delivery(self, delivery_id: str) -> dict[str, Any]:
        """One delivery with its attempts."""
        found: dict[str, Any] = (await self.api.get(f"/v1/webhook-deliveries/{delivery_id}")).json()
        return found

    async def read(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        """An endpoint as it is now."""
        found: dict[str, Any] = (await self.api.get(f"/v1/webhook-endpoints/{endpoint['id']}")).json()
        return found
