"""Outbound HTTP to places that somebody else named: webhooks, key sets, providers (S-105, W-3, W-12).

Every address a name resolves to must be permitted before one is used; the connection goes to the checked
address while Host, SNI and the certificate check keep the name, so a second DNS answer changes nothing.
There is no redirect, no proxy from the environment and no decompression. A connection that is kept serves the name and
the address it was made for alone, and only where both are found good again.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, Protocol

import httpcore
import httpx

from custhub.kit.egress_policy import Address, Destination, EgressPolicy, EgressRefused

MAX_BODY_BYTES = 65_536

#: Gives every address of (host, port) as text. Raises OSError for a name that has none.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Failure = Literal["dns", "connect", "tls", "timeout", "reset", "protocol"]

_MAX_ADDRESSES_TRIED = 4
_RESOLVER_THREADS = 16
_KNOWN_URLS = 1_000


class EgressFailed(Exception):
    """An allowed call did not succeed; a later one may. `kind` says how it ended."""

    def __init__(self, kind: Failure) -> None:
        super().__init__(kind)
        self.kind: Failure = kind


@dataclass(frozen=True, slots=True)
class EgressResponse:
    """An answer: header names in lower case, the body as it came, `truncated` when there was more of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    address: str
    elapsed_seconds: float


class SystemResolver:
    """Names resolved by the operating system, in threads of its own.

    A name server that never answers holds a thread long after its caller gave up; commits use other threads.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Every address, in the order the system prefers. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(entry[4][0]) for entry in found]

    def close(self) -> None:
        """Forget what is still waiting."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class EgressClient:
    """Calls checked addresses. Certificates are always verified.

    `ca_bundle`, a PEM file, replaces the public authorities. Connections are kept for `keep_seconds` after a call.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        resolver: Resolver | None = None,
        ca_bundle: Path | None = None,
        keep_seconds: float = 0.0,
    ) -> None:
        self._policy = policy
        self._system = SystemResolver()
        self._resolve = resolver or self._system
        trusted = (
            ssl.create_default_context(cafile=str(ca_bundle))
            if ca_bundle is not None
            else httpx.create_ssl_context(trust_env=False)
        )
        self._fresh = httpcore.AsyncConnectionPool(trusted, max_connections=None, max_keepalive_connections=0)
        self._kept = _KeptConnections(trusted, keep_seconds) if keep_seconds else None
        self._known: dict[str, Destination] = {}

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        deadline_seconds: float = 15.0,
        connect_seconds: float = 5.0,
        max_bytes: int = MAX_BODY_BYTES,
    ) -> EgressResponse:
        """Resolve, check, connect, send and read at most `max_bytes` (64 KiB or less) before the deadline.

        `connect_seconds` bounds the TCP and the TLS handshake with one address. On a kept connection that the other
        side has closed meanwhile, the request is sent once more on a new one.
        Raises EgressRefused, which is permanent, or EgressFailed.
        """
        destination = self._destination(url)
        loop = asyncio.get_running_loop()
        started = loop.time()
        request = _Request(method, destination, headers, content, connect_seconds)
        with _failures():
            try:
                async with asyncio.timeout(deadline_seconds):
                    addresses = await self._addresses(destination)
                    answer, address = await self._exchanged(request, addresses, min(max_bytes, MAX_BODY_BYTES))
            except BaseException:
                await request.close_connections()
                raise
        return EgressResponse(
            status=answer.status,
            headers=_joined(answer.headers),
            body=answer.body,
            truncated=answer.truncated,
            address=str(address),
            elapsed_seconds=loop.time() - started,
        )

    async def aclose(self) -> None:
        """Close connections and give up names that are still being resolved."""
        self._system.close()
        if self._kept is not None:
            await self._kept.aclose()
        await self._fresh.aclose()

    def _destination(self, url: str) -> Destination:
        # What a text says stays true; where its name leads is asked each time.
        found = self._known.get(url)
        if found is None:
            if len(self._known) >= _KNOWN_URLS:
                self._known.clear()
            found = self._known[url] = self._policy.check(url)
        return found

    async def _addresses(self, destination: Destination) -> Sequence[Address]:
        if destination.literal is not None:
            return [destination.literal]
        try:
            found = await self._resolve(destination.host, destination.port)
        except OSError as error:
            raise EgressFailed("dns") from error
        addresses = [ip_address(text) for text in dict.fromkeys(found)]
        if not addresses:
            raise EgressFailed("dns")
        # One private address among public ones is a name that aims inside.
        if not all(map(self._policy.permits, addresses)):
            raise EgressRefused("address")
        return addresses[:_MAX_ADDRESSES_TRIED]

    async def _exchanged(self, request: _Request, addresses: Sequence[Address], limit: int) -> tuple[_Answer, Address]:
        *first, last = addresses
        for address in first:
            try:
                return await self._at(request, address, limit), address
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                # Nothing was sent yet; an address family this machine lacks must not hide the other.
                continue
        return await self._at(request, last, limit), last

    async def _at(self, request: _Request, address: Address, limit: int) -> _Answer:
        if self._kept is None:
            return await request.exchange(self._fresh, address, limit)
        before = len(request.connections)
        try:
            async with self._kept.to(request.destination, address) as pool:
                return await request.exchange(pool, address, limit, keeps=True)
        except (httpcore.NetworkError, httpcore.RemoteProtocolError):
            if len(request.connections) > before:
                raise
        # The connection was a kept one, and the other side let go of it at this very moment.
        return await request.exchange(self._fresh, address, limit)


class _KeptConnections:
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
class _Answer:
    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    truncated: bool


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    destination: Destination
    headers: Mapping[str, str] | None
    content: bytes | None
    connect_seconds: float
    connections: list[_Connection] = field(default_factory=list)

    async def exchange(
        self, pool: httpcore.AsyncConnectionPool, address: Address, limit: int, *, keeps: bool = False
    ) -> _Answer:
        """Send it to this address and read the answer, `limit` bytes of its body."""
        response = await pool.handle_async_request(self._to(address, keeps=keeps))
        try:
            body, truncated = await _read(response, limit)
        finally:
            await response.aclose()
        return _Answer(response.status, response.headers, body, truncated)

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


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """By name in lower case; what was sent in several lines is one list (RFC 9110, 5.2)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise EgressFailed("timeout") from error
    except httpcore.NetworkError as error:
        raise EgressFailed(_network_failure(error)) from error
    except httpcore.ProtocolError as error:
        raise EgressFailed("protocol") from error


def _network_failure(error: httpcore.NetworkError) -> Failure:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "connect" if isinstance(error, httpcore.ConnectError) else "reset"
