"""Serves the hub of the environment on one port, as `custhub serve` does, without first-start work."""

from __future__ import annotations

import asyncio
import sys

import uvicorn
import uvloop

from custhub.app import build
from custhub.http.logs import AccessLog
from custhub.settings import Settings


async def main(port: int) -> None:
    """Serve until SIGTERM."""
    app = build(Settings(), access_log=AccessLog(open("/dev/null", "wb")))  # noqa: SIM115  # lives with the process
    await app.start()
    config = uvicorn.Config(app.asgi, port=port, log_level="warning", access_log=False, loop="uvloop", lifespan="off")
    await uvicorn.Server(config).serve()
    await app.stop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
