"""The processes of one hub, killed with -9 and started again; calls that go through all the same."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.process.running import RunningHub


class Mortals:
    """The processes of one hub: on PostgreSQL the API and a worker, on SQLite one process that is both."""

    def __init__(self, directory: Path, engine: str, env: dict[str, str]) -> None:
        self._directory = directory
        self._splits = engine == "postgresql"
        self._env = env
        self._lives = count()
        self.server = self._serve()
        self.worker = self._work()

    def _serve(self) -> RunningHub:
        directory = self._directory / f"life-{next(self._lives)}"
        directory.mkdir()
        return RunningHub(directory, self._env, *(["--no-worker"] if self._splits else []))

    def _work(self) -> subprocess.Popen[bytes] | None:
        if not self._splits:
            return None
        with (self._directory / f"worker-{next(self._lives)}.log").open("wb") as log:
            return subprocess.Popen([sys.executable, "-m", "custhub", "worker"], env=self._env, stdout=log, stderr=log)

    async def ready(self) -> None:
        """The API answers."""
        await asyncio.to_thread(self.server.wait_until_serving)

    async def kill_one(self, rng: random.Random) -> None:
        """Kill -9, and start it again."""
        if self.worker is not None and rng.random() < 0.5:
            await self.kill_worker()
            return
        self.server.process.kill()
        self.server.process.wait()
        self.server = self._serve()
        await self.ready()

    async def kill_worker(self) -> None:
        """Kill -9 the process that runs jobs, and start it again."""
        if self.worker is None:
            self.server.process.kill()
            self.server.process.wait()
            self.server = self._serve()
            await self.ready()
            return
        self.worker.kill()
        self.worker.wait()
        self.worker = self._work()

    def close(self) -> None:
        """End them all."""
        for process in (self.server.process, self.worker):
            if process is not None:
                process.kill()
                process.wait()


@contextmanager
def mortals(directory: Path, engine: str, env: dict[str, str]) -> Iterator[Mortals]:
    """Gone afterwards, whatever happens."""
    processes = Mortals(directory, engine, env)
    try:
        yield processes
    finally:
        processes.close()


@asynccontextmanager
async def calling(processes: Mortals, token: str) -> AsyncIterator[Any]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:

        async def call(
            method: str,
            path: str,
            body: Any = None,
            key: str | None = None,
            content: Callable[[], AsyncIterator[bytes]] | None = None,
        ) -> httpx.Response:
            """Send until there is an answer: a process that was killed gives none. `content` is asked at each try."""
            headers = {"Authorization": f"Bearer {token}"} | ({} if key is None else {"Idempotency-Key": key})
            while True:
                with suppress(httpx.TransportError):
                    sent: dict[str, Any] = {"json": body}
                    if content is not None:
                        sent = {"content": content()}
                        headers["Content-Type"] = "application/octet-stream"
                    answer = await client.request(method, processes.server.url + path, headers=headers, **sent)
                    if answer.status_code not in (429, 502, 503):
                        return answer
                await asyncio.sleep(0.1)

        yield call
