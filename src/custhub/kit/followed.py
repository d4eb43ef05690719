"""Small tables that change rarely and are asked all the time: kept in memory, changes of other processes follow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from custhub.kit.background import pause
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.query import Query, Reader

log = logging.getLogger("custhub.background")

T = TypeVar("T")

FOLLOW_SECONDS = 2.0
"""How often a process looks for changes of others."""


class Followed(Generic[T]):
    """The value of some tables as of a moment ago.

    `stamp` is a statement of one row that differs after every change; `load` reads the value. A process that changes
    the tables says so with `put` when it has committed, and sees its own change at once.
    """

    def __init__(self, stamp: Query[tuple[Any, ...]], load: Callable[[Reader], Awaitable[T]], start: T) -> None:
        self.value = start
        self._stamp = stamp
        self._load = load
        self._seen: tuple[Any, ...] | None = None
        self._puts = 0

    def put(self, change: Callable[[T], T]) -> None:
        """Take over what this process has just committed."""
        self.value = change(self.value)
        self._puts += 1

    async def follow(self, reader: Reader) -> None:
        """Read the tables where they changed."""
        stamp = await self._stamp.first(reader)
        if stamp == self._seen:
            return
        puts = self._puts
        value = await self._load(reader)
        # A change of our own, committed meanwhile, may be missing in what was read: it is read next time.
        if puts == self._puts:
            self.value, self._seen = value, stamp


class Follower:
    """A background task: looks for changes of others every two seconds, also right after the database was away."""

    name = "catalogue"

    def __init__(self, reader: Reader, is_ready: Callable[[], bool], *followed: Followed[Any]) -> None:
        """Before `is_ready` there are no tables to read, but for who says so by a `look`."""
        self._reader = reader
        self._is_ready = is_ready
        self._followed = followed

    async def look(self) -> None:
        """Look once. Raises DatabaseUnavailable."""
        for followed in self._followed:
            await followed.follow(self._reader)

    async def run(self, stop: asyncio.Event) -> None:
        """Look until `stop`."""
        while not stop.is_set():
            try:
                if self._is_ready():
                    await self.look()
            except DatabaseUnavailable:
                log.warning("catalogue waits for the database")
            await pause(stop, FOLLOW_SECONDS)
