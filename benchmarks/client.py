"""A load generator: keep-alive connections and prebuilt requests, so that it costs little of the machine it shares."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What a run measured."""

    requests: int = 0
    seconds: float = 0.0
    failures: int = 0
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Milliseconds below which this share of the requests stayed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def request(method: str, path: str, token: str, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Authorization: Bearer {token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if method != "GET":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def run(
    port: int, make: Callable[[int], bytes], *, requests: int, concurrency: int, expect: tuple[int, ...] = (200, 201)
) -> Result:
    """Send `requests` requests over `concurrency` connections; `make(i)` gives the i-th."""
    result = Result()
    numbers = iter(range(requests))
    started = time.perf_counter()
    # One iterator shared by all connections.
    await asyncio.gather(*(_connection(port, make, _each(numbers), result, expect) for _ in range(concurrency)))
    result.seconds = time.perf_counter() - started
    return result


async def paced(
    port: int,
    make: Callable[[int], bytes],
    *,
    rate: float,
    seconds: float,
    connections: int = 32,
    stop: asyncio.Event | None = None,
) -> Result:
    """Send `rate` requests per second, evenly, whatever the answers take, no longer than until `stop`."""
    result = Result()
    started = time.perf_counter()
    numbers = iter(range(int(rate * seconds)))
    due = ((number, started + number / rate) for number in numbers)
    await asyncio.gather(
        *(_connection(port, make, _waiting(due, stop), result, (200, 201)) for _ in range(connections))
    )
    result.seconds = time.perf_counter() - started
    return result


async def _waiting(due: Iterator[tuple[int, float]], stop: asyncio.Event | None) -> AsyncIterator[int]:
    for number, at in due:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        if stop is not None and stop.is_set():
            return
        yield number


async def _each(numbers: Iterator[int]) -> AsyncIterator[int]:
    for number in numbers:
        yield number


async def _connection(
    port: int, make: Callable[[int], bytes], numbers: AsyncIterator[int], result: Result, expect: tuple[int, ...]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async for number in numbers:
        begun = time.perf_counter()
        writer.write(make(number))
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        at = head.lower().find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(head[at + 15 : head.index(b"\r", at)]))
        result.latencies.append(time.perf_counter() - begun)
        result.requests += 1
        result.failures += status not in expect
    writer.close()
    await writer.wait_closed()
