"""One request to one checked address, and the connections that are kept for the next one (S-105)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpcore

from custhub.kit.egress_policy import Address, Destination


class KeptConnections:
    """Pools of connections, each of one name at one address: what was verified for a name serves no other."""

    def __init__(self, trusted: ssl.SSLContext, seconds: float) -> None:
        self._trusted = trusted
        self._seconds = seconds
        self._pools: dict[tuple[str, int, Address], _Pool] = {}
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def to(self, destination: Destination, address: Address) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """The connections of this name at this address; they are closed some time after the last use."""
        key = (f"{destination.url.scheme}://{destination.host}", destination.port, address)
        pool = self._pools.get(key)
        if pool is None:
            made = httpcore.AsyncConnectionPool(self._trusted, max_connections=None, keepalive_expiry=self._seconds)
            pool = self._pools[key] = _Pool(made)
        pool.users += 1
        if pool.end is not None:
            pool.end.cancel()
        try:
            yield pool.connections
        finally:
            pool.users -= 1
            if not pool.users:
                pool.end = asyncio.get_running_loop().call_later(self._seconds, self._close, key)

    async def aclose(self) -> None:
        """Close all of them."""
        for key in [*self._pools]:
            self._close(key)
        await asyncio.gather(*self._closing)

    def _close(self, key: tuple[str, int, Address]) -> None:
        pool = self._pools.pop(key, None)
        if pool is None:
            return
        if pool.end is not None:
            pool.end.cancel()
        task = asyncio.get_running_loop().create_task(pool.connections.aclose())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


@dataclass(slots=True)
class _Pool:
    connections: httpcore.AsyncConnectionPool
    users: int = 0
    end: asyncio.TimerHandle | None = None


class _Connection(Protocol):
    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the body as far as it was read."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    truncated: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `connections` are those that were made for it."""

    method: str
    destination: Destination
    headers: Mapping[str, str] | None
    content: bytes | None
    connect_seconds: float
    connections: list[_Connection] = field(default_factory=list)

    async def exchange(
        self, pool: httpcore.AsyncConnectionPool, address: Address, limit: int, *, keeps: bool = False
    ) -> Answer:
        """Send it to this address and read the answer, `limit` bytes of its body."""
        response = await pool.handle_async_request(self._to(address, keeps=keeps))
        try:
            body, truncated = await _read(response, limit)
        finally:
            await response.aclose()
        return Answer(response.status, response.headers, body, truncated)

    async def close_connections(self) -> None:
        """Close the sockets themselves: a deadline that strikes in a TLS handshake leaves one open."""
        for connection in self.connections:
            await connection.aclose()

    def _to(self, address: Address, *, keeps: bool) -> httpcore.Request:
        url = self.destination.url
        own: dict[bytes | str, bytes | str] = {name.lower(): value for name, value in (self.headers or {}).items()}
        own |= {"host": url.netloc.decode("ascii"), "accept-encoding": "identity"}
        own["connection"] = "keep-alive" if keeps else "close"
        if self.content is not None or self.method != "GET":
            own["content-length"] = str(len(self.content or b""))
        timeout = {"connect": self.connect_seconds, "read": None, "write": None, "pool": None}
        return httpcore.Request(
            self.method,
            httpcore.URL(scheme=url.raw_scheme, host=str(address), port=self.destination.port, target=url.raw_path),
            headers=own,
            content=self.content,
            extensions={"sni_hostname": self.destination.host, "trace": self._note, "timeout": timeout},
        )

    async def _note(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self.connections.append(info["return_value"])


async def _read(response: httpcore.Response, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.aiter_stream():
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


def joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name in lower case; what was sent in several lines is one list (RFC 9110, 5.2)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
