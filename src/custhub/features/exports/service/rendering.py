"""The process that writes the pages of a large export: it opens, masks and renders, and nothing else.

Started as a program of its own, so that requests have the hub's processor for themselves. It is told whose rights
count and what may be in the file, has the keys of fields only, and writes nothing: what it makes goes to the hub, which
encrypts and stores it. On PostgreSQL it reads the customers itself; the embedded database has one process, the hub,
which reads them and sends them as they are (R-4).
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from typing import Any, Final

from custhub.crypto.cipher import FieldCipher
from custhub.crypto.errors import KeyUnavailable
from custhub.crypto.handing import taken
from custhub.features.customers.queries.sheets import SheetPage
from custhub.features.exports.service.pages import Reading, Rendering, Rows, Task
from custhub.kit.children import pipe_to_hub, told_of
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.frames import Pipe
from custhub.kit.opening import database_at
from custhub.kit.reading import long_read

#: Answers of the database are taken while a page is rendered.
_SWITCH_SECONDS: Final = 0.0005
#: Pages make no cycles to look for.
_COLLECT_EVERY: Final = 100_000


def main() -> None:
    """Make page after page, as they are asked for, until the pipe ends."""
    pipe = pipe_to_hub()
    gc.freeze()
    gc.set_threshold(_COLLECT_EVERY)
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        asyncio.run(_serve(pipe))
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except DatabaseUnavailable:
        pipe.send("unavailable")
    except KeyUnavailable:
        pipe.send("keyless")
    except Exception as error:  # told without its text, which may hold a value
        pipe.send("crashed", told_of(error))


async def _serve(pipe: Pipe) -> None:
    place, plain, given = pipe.next()
    task, cipher = Task.of(plain), taken(given).cipher
    desk = Maker(pipe, Rendering(task, cipher), cipher)
    if place is None:
        while await desk.make(SheetPage(*desk.asked())):
            pass
        desk.stay()
    database = database_at(place)
    await database.open()
    async with long_read(database) as reads:
        reading = Reading(task, reads)
        read: SheetPage | None = None
        coming = asyncio.ensure_future(reading.page(None))
        while read is None or read.after is not None:
            desk.asked()
            read = await coming
            if read.after is not None:
                # The next page is read while this one is made.
                coming = asyncio.ensure_future(reading.page(read.after))
            await desk.make(read)
        desk.stay()


class Maker:
    """Makes pages in two steps, each in a thread of its own: while one page is packed, the next one is opened.

    Packing a workbook is a third of the work, and the interpreter lets another thread go on meanwhile.
    """

    def __init__(self, pipe: Pipe, rendering: Rendering, cipher: FieldCipher) -> None:
        self._pipe = pipe
        self._rendering = rendering
        self._cipher = cipher
        self._sent: asyncio.Future[None] | None = None

    def asked(self) -> list[Any]:
        """What the hub says about the page that it wants. Raises EOFError when it has gone."""
        while True:
            kind, *said = self._pipe.next()
            if kind != "keys":
                return said
            self._cipher.reload(taken(said[0]).keyring)

    def stay(self) -> None:
        """Wait for the hub, which ends this process. Raises EOFError when it has gone."""
        while True:
            self._pipe.next()

    async def make(self, read: SheetPage) -> bool:
        """Open a page, and send it as soon as the one before has been sent. False: it was the last one, and is sent."""
        made = await asyncio.to_thread(self._rendering.rows, read)
        if self._sent is not None:
            await self._sent
        self._sent = asyncio.ensure_future(asyncio.to_thread(self._send, made))
        if made.rows is None:
            await self._sent
        return made.rows is not None

    def _send(self, made: Rows) -> None:
        try:
            page = self._rendering.page(made)
        except Exception as error:
            # At once: the hub waits for this page, and the other thread for the hub.
            self._pipe.send("crashed", told_of(error))
            raise
        self._pipe.send("page", *page)


if __name__ == "__main__":
    main()
