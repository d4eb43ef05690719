"""A loopback TCP proxy in front of PostgreSQL that can be slow, deaf or gone (RELIABILITY section 8, 4)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Mode = Literal["pass", "cut", "hang"]


class FaultProxy:
    """Forwards connections to the server of `url`; `url` of the proxy itself names the same database.

    `cut` resets what is open and refuses what comes; `hang` keeps every line open and lets nothing through.
    """

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._mode: Mode = "pass"
        self.delay_seconds = 0.0
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> FaultProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.set("cut")
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        user = self._target.username or "postgres"
        return f"postgresql://{user}@127.0.0.1:{port}{self._target.path}"

    def set(self, mode: Mode) -> None:
        """Change what happens from now on."""
        self._mode = mode
        if mode == "hang":
            self._open.clear()
        else:
            self._open.set()
        if mode == "cut":
            self.reset()

    def reset(self) -> None:
        """Reset every open line; new ones are taken as the mode says."""
        for line in list(self._lines):
            line.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._forward(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._lines.add(writer)
        try:
            if self._mode == "cut":
                return
            await self._open.wait()
            back, forth = await self._connect()
            self._lines.add(forth)
            try:
                await asyncio.gather(self._pump(reader, forth), self._pump(back, writer))
            finally:
                self._lines.discard(forth)
                forth.transport.abort()
        except OSError:
            return
        finally:
            self._lines.discard(writer)
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        directory = parse_qs(self._target.query).get("host")
        if directory:
            port = parse_qs(self._target.query).get("port", ["5432"])[0]
            return await asyncio.open_unix_connection(f"{directory[0]}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._target.hostname, self._target.port or 5432)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(65_536):
                await self._open.wait()
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                sink.write(chunk)
                await sink.drain()
        sink.transport.abort()
