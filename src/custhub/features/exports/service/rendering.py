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
from typing import Final

from custhub.crypto.errors import KeyUnavailable
from custhub.crypto.handing import taken
from custhub.features.customers.queries.sheets import SheetPage
from custhub.features.exports.service.pages import PagesHere, Reading, Rendering, Task
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
    rendering = Rendering(task, cipher)
    if place is None:
        while True:
            kind, *said = pipe.next()
            if kind == "keys":
                cipher.reload(taken(said[0]).keyring)
            else:
                pipe.send("page", *rendering.page(SheetPage(*said)))
    database = database_at(place)
    await database.open()
    async with long_read(database) as reads:
        pages = PagesHere(Reading(task, reads), rendering, ahead=True)
        while True:
            kind, *said = pipe.next()
            if kind == "keys":
                cipher.reload(taken(said[0]).keyring)
            else:
                pipe.send("page", *await pages.next())


if __name__ == "__main__":
    main()
