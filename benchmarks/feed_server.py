"""Serves the hub as `hub_server` does: without events, with events, or with the relay that gives them positions.

`BENCH_EVENTS` says which; what the relay took, from each event's time to its position, goes to `BENCH_EVENTS_FILE`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Literal, cast

import uvicorn
import uvloop

from custhub.app import Application, build
from custhub.events.outbox import EventRow
from custhub.events.relay import GATHER_SECONDS, EventRelay
from custhub.http.logs import AccessLog
from custhub.kit.background import Part, Turns
from custhub.kit.db import TransactionConnection
from custhub.kit.uow import Fact, Note, Recorder, UnitOfWork
from custhub.settings import Settings

Mode = Literal["none", "stored", "relayed"]


class WithoutEvents:
    """Records audit entries alone."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        """Forget the facts."""
        self._recorder.record(uow, [], notes)

    def committed(self) -> None:
        """Nobody waits."""


class Stopwatch:
    """A fan-out that notes how long each event was under way when its pass had committed."""

    def __init__(self, app: Application) -> None:
        self.seconds: list[float] = []
        self._placed: list[EventRow] = []
        self._clock = app.clock
        self._relay = EventRelay(app.database, app.clock, fan_outs=[self])

    async def spread(self, connection: TransactionConnection, events: Sequence[EventRow]) -> None:
        """Remember them."""
        self._placed += events

    async def turn(self) -> float:
        """A turn of the relay, timed."""
        after = await self._relay.turn()
        now = self._clock.now()
        self.seconds += [(now - event.occurred_at).total_seconds() for event in self._placed]
        self._placed.clear()
        return after


class StoppingServer(uvicorn.Server):
    """Returns after SIGTERM instead of sending it again to itself: there are figures to write."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop serving."""
        self.should_exit = True


async def main(port: int, mode: Mode) -> None:
    """Serve until SIGTERM."""
    app = build(Settings(), access_log=AccessLog(open("/dev/null", "wb")))  # noqa: SIM115  # lives with the process
    await app.start()
    if mode == "none":
        app.hub.recorder = WithoutEvents(app.hub.recorder)
    stop, watch = asyncio.Event(), Stopwatch(app)
    app.relay = Turns("relay", [Part("event relay", watch.turn, hurries=True)], gather_seconds=GATHER_SECONDS)
    relaying = asyncio.create_task(app.relay.run(stop)) if mode == "relayed" else None
    config = uvicorn.Config(app.asgi, port=port, log_level="warning", access_log=False, loop="uvloop", lifespan="off")
    await StoppingServer(config).serve()
    stop.set()
    if relaying is not None:
        await relaying
        Path(os.environ["BENCH_EVENTS_FILE"]).write_text(json.dumps(watch.seconds))  # nobody is served
    await app.stop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), cast(Mode, os.environ["BENCH_EVENTS"])))
