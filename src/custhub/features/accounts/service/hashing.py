"""Passwords are hashed in threads, two at once; a few wait, the rest are told to come back (S-48)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from custhub.features.accounts.errors import LoginBusy
from custhub.features.accounts.rules import PasswordHasher, check_password

T = TypeVar("T")

AT_ONCE = 2
WAITING = 16


class HashingDesk:
    """The one place where passwords are hashed: each hash takes 19 MiB and some 25 ms of a core."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="custhub-password")
        self._taken = 0

    async def hash(self, password: str) -> str:
        """The hash to store. Raises PasswordTooWeak before any work, LoginBusy."""
        check_password(password)
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether this is the password; an unknown user takes as long and is False. Raises LoginBusy."""
        return await self._run(lambda: self._hasher.verify(stored, password))

    async def rehash(self, stored: str, password: str) -> str | None:
        """A hash with today's parameters where `stored` has others, else None. Raises LoginBusy."""
        if not self._hasher.needs_rehash(stored):
            return None
        return await self._run(lambda: self._hasher.hash(password))

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._taken >= AT_ONCE + WAITING:
            raise LoginBusy
        self._taken += 1
        task = asyncio.get_running_loop().run_in_executor(self._threads, work)
        # A caller that goes away does not stop its hash: the place is taken until the thread is done.
        task.add_done_callback(self._free)
        return await asyncio.shield(task)

    def _free(self, _: object) -> None:
        self._taken -= 1
