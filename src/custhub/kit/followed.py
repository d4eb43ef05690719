"""Small tables that change rarely and are asked all the time: kept in memory, changes of other processes follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from custhub.kit.query import Query, Reader

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
