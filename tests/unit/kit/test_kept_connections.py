"""Connections to consumers are kept for a moment, for the name and address they were made for alone (S-105)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest

from custhub.kit.egress import EgressClient
from custhub.kit.egress_policy import EgressPolicy, EgressRefused

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Server:
    """Answers requests on connections that stay open; `silent_at` names the requests it hangs up on instead."""

    port: int = 0
    silent_at: frozenset[int] = frozenset()
    hosts: list[str] = field(default_factory=list)
    connections: int = 0
    open: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                self.hosts.append(head.partition("host: ")[2].partition(":")[0])
                if len(self.hosts) in self.silent_at:
                    return
                writer.write(OK)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def stage(
    *, keep_seconds: float = 30.0, silent_at: Sequence[int] = (), answers: Sequence[Sequence[str]] = (("127.0.0.1",),)
) -> AsyncIterator[tuple[Server, EgressClient]]:
    """A server, and a client whose names resolve to these addresses one after the other, the last one for ever."""
    left = [*answers]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    server = Server(silent_at=frozenset(silent_at))
    listener = await asyncio.start_server(server, "0.0.0.0", 0)  # noqa: S104 - several loopback addresses reach it
    server.port = listener.sockets[0].getsockname()[1]
    policy = EgressPolicy(allow=(ip_network("127.0.0.0/29"),), allow_http=True, ports=(server.port,))
    client = EgressClient(policy, resolver=resolve, keep_seconds=keep_seconds)
    try:
        yield server, client
    finally:
        await client.aclose()
        listener.close()
        async with asyncio.timeout(5):
            while server.open:
                await asyncio.sleep(0.01)


async def call(server: Server, client: EgressClient, name: str = "hook.example") -> int:
    return (await client.request("POST", f"http://{name}:{server.port}/", content=b"{}")).status


def test_calls_one_after_the_other_share_a_connection_until_nobody_uses_it() -> None:
    async def run() -> None:
        async with stage(keep_seconds=0.1) as (server, client):
            assert [await call(server, client) for _ in range(3)] == [200, 200, 200]
            assert (server.connections, server.open) == (1, 1)
            async with asyncio.timeout(5):
                while server.open:
                    await asyncio.sleep(0.01)
            assert await call(server, client) == 200
            assert server.connections == 2

    asyncio.run(run())


def test_calls_at_the_same_time_have_a_connection_each() -> None:
    async def run() -> None:
        async with stage() as (server, client):
            assert await asyncio.gather(*(call(server, client) for _ in range(4))) == [200] * 4
            assert 1 < server.connections <= 4
            made = server.connections
            await call(server, client)
            assert server.connections == made

    asyncio.run(run())


def test_s105_another_name_or_another_address_has_connections_of_its_own() -> None:
    async def run() -> None:
        async with stage(answers=[["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2"]]) as (server, client):
            await call(server, client, "one.example")
            await call(server, client, "two.example")
            assert server.connections == 2
            await call(server, client, "two.example")
            assert server.connections == 3
            assert server.hosts == ["one.example", "two.example", "two.example"]

    asyncio.run(run())


def test_s105_a_kept_connection_is_not_used_when_the_name_leads_inside_now() -> None:
    async def run() -> None:
        async with stage(answers=[["127.0.0.1"], ["10.0.0.1"]]) as (server, client):
            assert await call(server, client) == 200
            with pytest.raises(EgressRefused):
                await call(server, client)
            assert len(server.hosts) == 1

    asyncio.run(run())


def test_a_request_on_a_connection_that_the_other_side_hangs_up_is_sent_once_more() -> None:
    async def run() -> None:
        async with stage(silent_at=[2]) as (server, client):
            assert await call(server, client) == 200
            assert await call(server, client) == 200
            assert (server.connections, len(server.hosts)) == (2, 3)

    asyncio.run(run())
