"""Outbound HTTP to places that somebody else named: webhooks, key sets, providers (S-105, W-3, W-12).

Every address a name resolves to must be permitted before one is used; the connection goes to the checked
address while Host, SNI and the certificate check keep the name, so a second DNS answer changes nothing.
There is no redirect, no proxy from the environment, no kept connection and no decompression.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Protocol

import httpx

from custhub.kit.egress_policy import Address, Destination, EgressPolicy, EgressRefused

MAX_BODY_BYTES = 65_536

#: Gives every address of (host, port) as text. Raises OSError for a name that has none.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Failure = Literal["dns", "connect", "tls", "timeout", "reset", "protocol"]

_MAX_ADDRESSES_TRIED = 4
_RESOLVER_THREADS = 16


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

    `ca_bundle`, a PEM file, replaces the public authorities.
    """

    def __init__(
        self, policy: EgressPolicy, *, resolver: Resolver | None = None, ca_bundle: Path | None = None
    ) -> None:
        self._policy = policy
        self._system = SystemResolver()
        self._resolve = resolver or self._system
        trusted = (
            ssl.create_default_context(cafile=str(ca_bundle))
            if ca_bundle is not None
            else httpx.create_ssl_context(trust_env=False)
        )
        # The pool knows addresses, not names: a kept connection would serve another name at the same address.
        self._transport = httpx.AsyncHTTPTransport(
            verify=trusted,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

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

        `connect_seconds` bounds the TCP and the TLS handshake with one address.
        Raises EgressRefused, which is permanent, or EgressFailed.
        """
        destination = self._policy.check(url)
        loop = asyncio.get_running_loop()
        started = loop.time()
        request = _Request(method, destination, headers, content, connect_seconds)
        with _failures():
            try:
                async with asyncio.timeout(deadline_seconds):
                    addresses = await self._addresses(destination)
                    response, address = await self._send(request, addresses)
                    body, truncated = await _read(response, min(max_bytes, MAX_BODY_BYTES))
                    await response.aclose()
            finally:
                await request.close_connections()
        return EgressResponse(
            status=response.status_code,
            headers=dict(response.headers),
            body=body,
            truncated=truncated,
            address=str(address),
            elapsed_seconds=loop.time() - started,
        )

    async def aclose(self) -> None:
        """Close connections and give up names that are still being resolved."""
        self._system.close()
        await self._transport.aclose()

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

    async def _send(self, request: _Request, addresses: Sequence[Address]) -> tuple[httpx.Response, Address]:
        *first, last = addresses
        for address in first:
            try:
                return await self._transport.handle_async_request(request.to(address)), address
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent yet; an address family this machine lacks must not hide the other.
                continue
        return await self._transport.handle_async_request(request.to(last)), last


class _Connection(Protocol):
    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    destination: Destination
    headers: Mapping[str, str] | None
    content: bytes | None
    connect_seconds: float
    connections: list[_Connection] = field(default_factory=list)

    async def close_connections(self) -> None:
        """Close the sockets themselves: a deadline that strikes in a TLS handshake leaves one open."""
        for connection in self.connections:
            await connection.aclose()

    def to(self, address: Address) -> httpx.Request:
        headers = httpx.Headers(self.headers)
        headers["host"] = self.destination.url.netloc.decode("ascii")
        headers["connection"] = "close"
        headers["accept-encoding"] = "identity"
        return httpx.Request(
            self.method,
            self.destination.url.copy_with(host=str(address)),
            headers=headers,
            content=self.content,
            extensions={
                "sni_hostname": self.destination.host,
                "trace": self._note,
                "timeout": {"connect": self.connect_seconds, "read": None, "write": None, "pool": None},
            },
        )

    async def _note(self, event: str, info: Mapping[str, _Connection]) -> None:
        if event == "connection.connect_tcp.complete":
            self.connections.append(info["return_value"])


async def _read(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise EgressFailed("timeout") from error
    except httpx.NetworkError as error:
        raise EgressFailed(_network_failure(error)) from error
    except httpx.TransportError as error:
        raise EgressFailed("protocol") from error


def _network_failure(error: httpx.NetworkError) -> Failure:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "connect" if isinstance(error, httpx.ConnectError) else "reset"
