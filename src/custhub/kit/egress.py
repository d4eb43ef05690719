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
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

import httpcore
import httpx

from custhub.kit.egress_exchange import Answer, KeptConnections, Request, joined
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
        self._kept = KeptConnections(trusted, keep_seconds) if keep_seconds else None
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
        request = Request(method, destination, headers, content, connect_seconds)
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
            headers=joined(answer.headers),
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

    async def _exchanged(self, request: Request, addresses: Sequence[Address], limit: int) -> tuple[Answer, Address]:
        *first, last = addresses
        for address in first:
            try:
                return await self._at(request, address, limit), address
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                # Nothing was sent yet; an address family this machine lacks must not hide the other.
                continue
        return await self._at(request, last, limit), last

    async def _at(self, request: Request, address: Address, limit: int) -> Answer:
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
