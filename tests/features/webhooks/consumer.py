"""A consumer of webhooks that answers as it is told, and keeps what it received: duplicates and order show."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

Special = Literal["hang", "drip", "reset", "huge"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request gets: a status with headers and body, or something no client likes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    special: Special | None = None
    delay: float = 0.0


OK = Answer()
HANG = Answer(special="hang")
DRIP = Answer(special="drip")
RESET = Answer(special="reset")
HUGE = Answer(special="huge")


@dataclass(frozen=True, slots=True)
class Received:
    """One request: headers in lower case, the exact bytes of the body."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = orjson.loads(self.body)
        return parsed

    @property
    def id(self) -> str:
        """`webhook-id`."""
        return self.headers["webhook-id"]


class Consumer:
    """Answers with `next_answers`, one each, then always with `answer`; `decide` may look at the request first."""

    def __init__(self) -> None:
        self.answer = OK
        self.next_answers: list[Answer] = []
        self.decide: Callable[[Received], Answer | None] = lambda _: None
        self.received: list[Received] = []
        self.connections = 0
        self.in_flight = self.most_in_flight = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._arrived = asyncio.Event()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The bodies, in the order in which they came."""
        return [request.event for request in self.received]

    @property
    def duplicates(self) -> dict[str, int]:
        """How often each `webhook-id` came that came more than once."""
        return {name: count for name, count in Counter(r.id for r in self.received).items() if count > 1}

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Hang up."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """Wait until so many requests came. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while len(self.received) < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._answer(await self._read(reader), writer)
        finally:
            self.in_flight -= 1
            writer.transport.abort()
            self._tasks.discard(task)

    async def _read(self, reader: asyncio.StreamReader) -> Received:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Received(head[0].split(" ")[1], headers, body, asyncio.get_running_loop().time())
        self.received.append(request)
        self._arrived.set()
        return request

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        answer = self.decide(request) or (self.next_answers.pop(0) if self.next_answers else self.answer)
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.special == "hang":
            await asyncio.sleep(3_600)
        if answer.special == "reset":
            return
        length = 10_000_000 if answer.special in ("huge", "drip") else len(answer.body)
        extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        writer.write(f"HTTP/1.1 {answer.status} X\r\ncontent-length: {length}\r\n{extra}\r\n".encode())
        if answer.special == "drip":
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        if answer.special == "huge":
            for _ in range(200):
                writer.write(b"x" * 50_000)
                await writer.drain()
            return
        writer.write(answer.body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def consuming(count: int = 1) -> AsyncIterator[list[Consumer]]:
    """So many consumers, listening."""
    consumers = [Consumer() for _ in range(count)]
    for consumer in consumers:
        await consumer.start()
    try:
        yield consumers
    finally:
        for consumer in consumers:
            await consumer.stop()
