"""How soon events leave as webhooks, and how many per second one healthy consumer gets."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from benchmarks.client import paced, run
from benchmarks.processes import server

RATE = 200.0
_SECONDS = 15.0
_BACKLOG = 3_000
_DRAIN_SECONDS = 120.0


class _Consumer:
    """Answers 200 at once and keeps when what came."""

    def __init__(self) -> None:
        self.arrived: list[float] = []
        self.ages: list[float] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests, as long as the hub keeps the connection."""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                at = head.lower().index(b"content-length:") + 15
                body = await reader.readexactly(int(head[at : head.index(b"\r", at)]))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                now = time.time()
                self.arrived.append(now)
                self.ages.append(now - datetime.fromisoformat(json.loads(body)["timestamp"]).timestamp())
                await writer.drain()
        writer.close()

    def forget(self) -> None:
        """Begin another count."""
        self.arrived.clear()
        self.ages.clear()

    async def wait_for(self, count: int) -> None:
        """Until so many have come, for a bounded time."""
        async with asyncio.timeout(_DRAIN_SECONDS):
            while len(self.arrived) < count:
                await asyncio.sleep(0.02)


class Webhooks:
    """The figures of one engine. `make` gives creates."""

    def __init__(self, environment: Mapping[str, str], token: str, make: Callable[[int], bytes], share: float) -> None:
        self._environment = environment
        self._token = token
        self._make = make
        self._share = share

    def lines(self, engine: str) -> list[str]:
        """Both measurements as text."""
        return asyncio.run(self._measure(engine))

    async def _measure(self, engine: str) -> list[str]:
        consumer = _Consumer()
        async with await asyncio.start_server(consumer, "127.0.0.1", 0) as listening:
            where = listening.sockets[0].getsockname()[1]
            allowed = {
                "CUSTHUB_EGRESS_ALLOW": "127.0.0.0/8",
                "CUSTHUB_EGRESS_HTTP": "true",
                "CUSTHUB_EGRESS_PORTS": str(where),
            }
            with server("benchmarks.hub_server", {**self._environment, **allowed}) as (port, _):
                await asyncio.to_thread(self._subscribe, port, where)
                return [await self._soon(engine, port, consumer), await self._many(engine, port, consumer)]

    async def _soon(self, engine: str, port: int, consumer: _Consumer) -> str:
        await paced(port, self._make, rate=20, seconds=2)
        await consumer.wait_for(40)
        consumer.forget()
        sent = await paced(port, self._make, rate=RATE, seconds=max(3.0, _SECONDS * self._share))
        await consumer.wait_for(sent.requests)
        ages = sorted(consumer.ages)
        p50, p99 = (ordered_at(ages, share) * 1000 for share in (0.5, 0.99))
        return (
            f"{engine}: {len(ages):,} events at {sent.requests / sent.seconds:,.0f}/s, change to first webhook attempt "
            f"p50 {p50:,.0f} ms, p99 {p99:,.0f} ms (aim 3,000)"
        )

    async def _many(self, engine: str, port: int, consumer: _Consumer) -> str:
        consumer.forget()
        count = max(300, int(_BACKLOG * self._share))
        await run(port, self._make, requests=count, concurrency=32)
        # While creates run beside it, the machine is shared with them: only what is left then is counted.
        before, began = len(consumer.arrived), time.time()
        await consumer.wait_for(count)
        left, seconds = count - before, max(0.001, consumer.arrived[-1] - began)
        return f"{engine}: {left / seconds:,.0f} deliveries/s to one consumer ({left:,} that waited)"

    def _subscribe(self, port: int, where: int) -> None:
        body = {"url": f"http://127.0.0.1:{where}/", "event_types": ["customer.created"]}
        call = urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/webhook-endpoints",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        urllib.request.urlopen(call).close()  # noqa: S310  # loopback


def ordered_at(ordered: list[float], share: float) -> float:
    """The value below which this share lies."""
    return ordered[int((len(ordered) - 1) * share)]
