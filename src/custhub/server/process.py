"""One serving process, from the first check to the last flushed line."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import uvloop

from custhub.app import Application, build
from custhub.http.logs import AccessLog, configure, install_hooks, loop_error
from custhub.operator.people import Credentials, first_administrator
from custhub.operator.socket import OperatorSocket
from custhub.server.listener import HubServer
from custhub.server.preparation import start, wait_for_migration
from custhub.server.refusal import FAILED, explained
from custhub.settings import Settings

log = logging.getLogger("custhub.process")

#: Told when requests are answered, and of the administrator that this start made.
Ready = Callable[[Credentials | None], None]


def prepare_logs(settings: Settings) -> None:
    """JSON lines on standard error for everything but requests, and no traceback with values anywhere (R-8)."""
    configure(settings.log_level)
    install_hooks()


def serve(settings: Settings, listening: socket.socket, ready: Ready, parent: int = 0) -> int:
    """Serve until told to stop and answer the exit code. `ready` is called when requests are answered.

    Raises Refusal when the hub cannot start.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, listening, ready, parent))


async def _serve(settings: Settings, listening: socket.socket, ready: Ready, parent: int) -> int:
    asyncio.get_running_loop().set_exception_handler(loop_error)
    async with AsyncExitStack() as stack:
        access_log = AccessLog()
        stack.callback(access_log.close)
        with explained(settings):
            app = build(settings, access_log=access_log)
            stack.push_async_callback(app.stop)
            await start(app)
            made = None
            if app.hub.migrated:
                if settings.profile == "development":
                    made = await first_administrator(app)
                await _begin(app, stack)
            else:
                waiting = asyncio.create_task(_begin_later(app, stack))
                stack.callback(waiting.cancel)
        # What is there now stays: no collection has to look at it again (each would stop all requests for 90 ms).
        gc.collect()
        gc.freeze()
        server = HubServer(app.asgi, app.hub, lambda: ready(made), parent)
        await server.serve(sockets=[listening])
        log.info("stopped", extra={"kind": "aborted" if server.aborted else "drained"})
        return FAILED if server.aborted else 0


async def _begin(app: Application, stack: AsyncExitStack) -> None:
    if app.settings.engine == "sqlite":
        operator = OperatorSocket(app)
        await operator.open()
        stack.push_async_callback(operator.close)
    app.start_tasks(work=app.settings.worker)


async def _begin_later(app: Application, stack: AsyncExitStack) -> None:
    await wait_for_migration(app.hub)
    await _begin(app, stack)
