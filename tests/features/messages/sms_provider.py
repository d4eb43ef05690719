"""An SMS provider on the loopback interface."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson


class SmsProvider:
    """Answers with `answers`, one after the other, then with 202 and an id; knows keys again when told to."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, Any], dict[str, str]] | None] = []
        #: What it sent on: all that it took, whatever it then said.
        self.sent: list[dict[str, Any]] = []
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.deduplicates = False
        self.takes_before_failing = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = orjson.loads(await reader.readexactly(int(headers["content-length"])))
            self.requests.append((headers, body))
            answer = self.answers.pop(0) if self.answers else (202, {"id": f"sms-{len(self.requests)}"}, {})
            if answer is None or answer[0] < 300 or self.takes_before_failing:
                self._send(headers["idempotency-key"], body)
            if answer is not None:
                status, members, more = answer
                text = orjson.dumps(members)
                lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(text)}"]
                lines += [f"{name}: {value}" for name, value in more.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + text)
                await writer.drain()
        writer.close()

    def _send(self, key: str, body: dict[str, Any]) -> None:
        if not self.deduplicates or key not in [sent["reference"] for sent in self.sent]:
            self.sent.append(body)


@asynccontextmanager
async def sms_provider() -> AsyncIterator[SmsProvider]:
    """A running provider."""
    provider = SmsProvider()
    listener = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = listener.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        listener.close()
        await asyncio.sleep(0)
