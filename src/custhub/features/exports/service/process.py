"""The hub's end of a rendering process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

from custhub.crypto.handing import handed
from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.live import LiveKeys
from custhub.features.exports.service.pages import Page, Reading, Task
from custhub.kit.children import Child, ChildLost
from custhub.kit.db import DatabaseUnavailable

PROGRAM: Final = "custhub.features.exports.service.rendering"
#: Pages that are made while one is stored.
_AHEAD: Final = 3
#: It opens fields; it seals, signs and looks up nothing.
_NEEDED: Final = (Purpose.FIELD,)


class PagesOfProcess:
    """Made by a process of its own."""

    def __init__(self, child: Child, keys: LiveKeys, known: Keyring, reading: Reading | None) -> None:
        self._child = child
        self._keys = keys
        self._known = known
        self._reading = reading
        self._after: list[Any] | None = None
        self._asked = 0
        self._is_at_end = False

    @classmethod
    async def start(
        cls, task: Task, keys: LiveKeys, place: Mapping[str, Any] | None, reading: Reading | None = None
    ) -> Self:
        """Start one. `place` is where it finds the database; without one it is sent what `reading` gives."""
        keys.require_current()
        known = keys.keyring
        where = None if place is None else dict(place)
        return cls(await Child.start(PROGRAM, where, task.plain(), handed(keys, _NEEDED)), keys, known, reading)

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._child.process_id

    async def next(self) -> Page:
        """The next page. Raises DatabaseUnavailable, ChildLost."""
        while self._asked < _AHEAD and not self._is_at_end:
            await self._ask()
        said = await self._child.next()
        if said[0] == "unavailable":
            raise DatabaseUnavailable
        if said[0] != "page":
            raise ChildLost(said[0])
        self._asked -= 1
        return Page(*said[1:])

    async def close(self) -> None:
        """End it, whatever it is at."""
        await self._child.close()

    async def _ask(self) -> None:
        message: list[Any] = ["page"]
        if self._reading is not None:
            read = await self._reading.page(self._after)
            self._after, self._is_at_end = read.after, read.after is None
            message = ["page", *read]
        # What was sealed anew meanwhile is read next, or has just been: its key comes first.
        if self._keys.keyring is not self._known:
            self._known = self._keys.keyring
            self._child.send(["keys", handed(self._keys, _NEEDED)])
        self._child.send(message)
        self._asked += 1
