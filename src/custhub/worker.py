"""What `custhub worker` does: everything a hub does beside requests, and no requests (J-10)."""

from __future__ import annotations

import asyncio
import logging
import signal
from contextlib import suppress

import uvloop

from custhub.api import VERSION
from custhub.app import Application, build
from custhub.http.logs import loop_error
from custhub.server.preparation import prepare, start, wait_for_migration
from custhub.server.process import prepare_logs
from custhub.server.refusal import FAILED, USAGE, Refusal, explained, read_settings
from custhub.settings import Settings

log = logging.getLogger("custhub.process")


def run_worker() -> int:
    """Work until told to stop; the exit code. Raises Refusal."""
    settings = read_settings()
    if settings.engine == "sqlite":
        raise Refusal("the embedded database belongs to one process, `custhub serve`: workers need PostgreSQL", USAGE)
    prepare_logs(settings)
    with explained(settings):
        prepare(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_work(settings))


async def _work(settings: Settings) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(loop_error)
    asked, aborted = asyncio.Event(), asyncio.Event()

    def note() -> None:
        # The first signal lets batches end, the second one does not.
        (aborted if asked.is_set() else asked).set()

    for known in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(known, note)
    app = build(settings)
    try:
        with explained(settings):
            await start(app)
        if not await _is_migrated(app, asked):
            return 0
        app.start_tasks()
        log.info("working", extra={"profile": settings.profile, "engine": settings.engine, "version": VERSION})
        await asked.wait()
        app.hub.draining = True
        log.info("draining")
    finally:
        stopping = asyncio.create_task(app.stop())
        aborting = asyncio.create_task(aborted.wait())
        await asyncio.wait((stopping, aborting), return_when=asyncio.FIRST_COMPLETED)
        aborting.cancel()
    if not stopping.done():
        stopping.cancel()
        with suppress(asyncio.CancelledError):
            await stopping
        log.info("stopped", extra={"kind": "aborted"})
        return FAILED
    await stopping
    log.info("stopped", extra={"kind": "drained"})
    return 0


async def _is_migrated(app: Application, asked: asyncio.Event) -> bool:
    """Wait until the database is, or until told to stop."""
    if app.hub.migrated:
        return True
    waiting = asyncio.create_task(wait_for_migration(app.hub))
    stopping = asyncio.create_task(asked.wait())
    await asyncio.wait((waiting, stopping), return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, stopping):
        task.cancel()
    return app.hub.migrated
