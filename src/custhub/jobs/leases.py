"""Leases of running jobs, renewed from a thread: a busy event loop must not lose its jobs (J-4)."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import asyncpg

log = logging.getLogger("custhub.jobs")

LEASE: Final = timedelta(seconds=30)
RENEWAL_SECONDS: Final = 10.0
_RETRY_SECONDS = 1.0
_CONNECT_SECONDS = 5.0
#: A batch has its job's row for so long at most; the renewal comes again soon.
_LOCK_MILLISECONDS = 2_000
_STATEMENT_SECONDS = 4.0
_RENEW = """
UPDATE jobs SET lease_until = clock_timestamp() + $3::interval
WHERE id = $1 AND lease_token = $2 AND state IN ('running', 'canceling')"""


class Leases(Protocol):
    """Keeps the leases of jobs in hand."""

    @property
    def lease(self) -> timedelta | None:
        """How long a claim holds without renewal; None: for as long as this process lives."""

    def start(self) -> None:
        """Begin."""

    def hold(self, job_id: UUID, token: UUID) -> None:
        """Renew this one from now on."""

    def drop(self, job_id: UUID) -> None:
        """And no longer."""

    def stop(self) -> None:
        """End; leases that are held still run out."""


class NoLeases:
    """Embedded SQLite: the lock on the data directory proves that no other process lives (R-4)."""

    lease: timedelta | None = None

    def start(self) -> None:
        """Nothing to begin."""

    def hold(self, job_id: UUID, token: UUID) -> None:
        """Nothing runs out."""

    def drop(self, job_id: UUID) -> None:
        """Nothing was held."""

    def stop(self) -> None:
        """Nothing to end."""


class LeaseThread:
    """A thread with an event loop and a connection of its own."""

    def __init__(self, url: str, *, lease: timedelta = LEASE, every: float = RENEWAL_SECONDS) -> None:
        self.lease: timedelta | None = lease
        self._length = lease
        self._every = every
        self._url = url
        self._held: dict[UUID, UUID] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def start(self) -> None:
        """Begin; started again, it goes on."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        # A daemon: a process that ends does not wait for it, and its leases run out.
        self._thread = threading.Thread(target=self._run, args=(self._loop,), name="custhub-leases", daemon=True)
        self._thread.start()

    def hold(self, job_id: UUID, token: UUID) -> None:
        """Renew this one from now on."""
        with self._lock:
            self._held[job_id] = token

    def drop(self, job_id: UUID) -> None:
        """And no longer."""
        with self._lock:
            self._held.pop(job_id, None)

    def stop(self) -> None:
        """End it, and wait for that a short while."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None:
            return
        with suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(self._stop.set)
        thread.join(_CONNECT_SECONDS)
        self._thread = None

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.run_until_complete(self._renew_all())
        finally:
            loop.close()

    async def _renew_all(self) -> None:
        while not self._stop.is_set():
            try:
                connection = await asyncpg.connect(
                    self._url,
                    timeout=_CONNECT_SECONDS,
                    command_timeout=_STATEMENT_SECONDS,
                    server_settings={
                        "application_name": "custhub leases",
                        "lock_timeout": str(_LOCK_MILLISECONDS),
                        "timezone": "UTC",
                    },
                )
                try:
                    await self._keep(connection)
                finally:
                    connection.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("leases wait for the database", extra={"kind": type(error).__name__})
                await self._wait(_RETRY_SECONDS)

    async def _keep(self, connection: Any) -> None:
        # At once, then regularly: what was held while the connection was lost is late already.
        while not self._stop.is_set():
            late = False
            for job_id, token in self._now().items():
                try:
                    await connection.execute(_RENEW, job_id, token, self._length)
                except asyncpg.LockNotAvailableError:
                    late = True
            await self._wait(_RETRY_SECONDS if late else self._every)

    def _now(self) -> Mapping[UUID, UUID]:
        with self._lock:
            return dict(self._held)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()
