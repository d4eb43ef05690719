"""How many statements one request of each scenario takes, counted in process before anything is timed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.scenarios import SCENARIOS, Data
from custhub.app import Application
from custhub.kit.db import Row


class Counting:
    """A database that counts what it is asked: one `send` is one statement, or one short transaction."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """A read."""
        self.statements += 1
        rows: Sequence[Row] = await self._database.fetch(sql, values)
        return rows

    async def send(self, writes: Any) -> None:
        """A unit of work."""
        self.statements += bool(writes.writes)
        await self._database.send(writes)


async def statements(app: Application, data: Data, token: str) -> dict[str, int]:
    """Scenario -> statements of its second request: what only a first one reads is cached by then."""
    counting = Counting(app.hub.database)
    app.hub.database = counting
    found: dict[str, int] = {}
    transport = httpx.ASGITransport(app.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=60) as client:
        for scenario in SCENARIOS:
            make = scenario.make(False, data, token, "")
            for i in range(2):
                counting.statements = 0
                (await _send(client, make(i))).raise_for_status()
            found[scenario.name] = counting.statements
    return found


async def _send(client: httpx.AsyncClient, raw: bytes) -> httpx.Response:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines if not line.startswith(("Host", "Content-Length")))
    return await client.request(method, path.removesuffix("&cursor="), headers=headers, content=body)
