"""Serves the hub as `hub_server` does: without events, with events, or with the relay that gives them positions.

`BENCH_EVENTS` says in which of these modes it begins. SIGUSR1 brings the next one: what waits is placed, then the
mode's name goes to `BENCH_MODE_FILE`. What the relay took, from each event's time to its position, goes to
`BENCH_EVENTS_FILE` at the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Literal, cast, get_args

import uvicorn
import uvloop

from custhub.app import Application, build
from custhub.events.outbox import EventRow
from custhub.events.relay import GATHER_SECONDS, POLL_SECONDS, EventRelay
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

    async def drain(self) -> None:
        """Place what waits, and forget what that took."""
        await self._relay.drain()
        self._placed.clear()

    async def turn(self) -> float:
        """A turn of the relay, timed."""
        after = await self._relay.turn()
        now = self._clock.now()
        self.seconds += [(now - event.occurred_at).total_seconds() for event in self._placed]
        self._placed.clear()
        return after


class Modes:
    """Switches a hub between the modes."""

    def __init__(self, app: Application, watch: Stopwatch, mode: Mode) -> None:
        self._app = app
        self._watch = watch
        self._recorder = app.hub.recorder
        self._set(mode)

    def _set(self, mode: Mode) -> None:
        self.mode: Mode = mode
        self._app.hub.recorder = WithoutEvents(self._recorder) if mode == "none" else self._recorder

    async def turn(self) -> float:
        """A turn of the relay, in the mode that has one."""
        return await self._watch.turn() if self.mode == "relayed" else POLL_SECONDS

    async def follow(self, stop: asyncio.Event) -> None:
        """Go to the next mode at each signal."""
        told, names = asyncio.Event(), get_args(Mode)
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
        while not stop.is_set():
            await told.wait()
            told.clear()
            self._set(names[(names.index(self.mode) + 1) % len(names)])
            await self._watch.drain()
            Path(os.environ["BENCH_MODE_FILE"]).write_text(self.mode)  # the one that sent the signal waits for it


class StoppingServer(uvicorn.Server):
    """Returns after SIGTERM instead of sending it again to itself: there are figures to write."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop serving."""
        self.should_exit = True


async def main(port: int, mode: Mode) -> None:
    """Serve until SIGTERM."""
    app = build(Settings(), access_log=AccessLog(open("/dev/null", "wb")))  # noqa: SIM115  # lives with the process
    await app.start()
    stop, watch = asyncio.Event(), Stopwatch(app)
    modes = Modes(app, watch, mode)
    app.relay = Turns("relay", [Part("event relay", modes.turn, hurries=True)], gather_seconds=GATHER_SECONDS)
    relaying, following = asyncio.create_task(app.relay.run(stop)), asyncio.create_task(modes.follow(stop))
    config = uvicorn.Config(app.asgi, port=port, log_level="warning", access_log=False, loop="uvloop", lifespan="off")
    await StoppingServer(config).serve()
    stop.set()
    following.cancel()
    await asyncio.gather(relaying, following, return_exceptions=True)
    Path(os.environ["BENCH_EVENTS_FILE"]).write_text(json.dumps(watch.seconds))  # nobody is served
    await app.stop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1]), cast(Mode, os.environ["BENCH_EVENTS"])))
