"""Work beside requests: sending, looking after endpoints, replaying, forgetting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from custhub.crypto.system import SystemVault
from custhub.features.webhooks.queries.lanes import due_endpoints
from custhub.features.webhooks.repository import OLD_DELIVERIES, OLD_ENDPOINTS, expire_leases
from custhub.features.webhooks.service.access import Renderer
from custhub.features.webhooks.service.fanout import DeliveryFanOut
from custhub.features.webhooks.service.lane import EndpointLane, SigningKeys
from custhub.features.webhooks.service.metrics import WebhookMetrics
from custhub.features.webhooks.service.parts import WEBHOOKS, Notify, WebhookParts
from custhub.features.webhooks.service.replays import KIND, run_replay
from custhub.features.webhooks.service.slots import Slots
from custhub.features.webhooks.service.transport import Transport
from custhub.features.webhooks.service.watch import EndpointWatch
from custhub.http.hub import Hub
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.background import BackgroundTask, Every
from custhub.kit.db import DatabaseUnavailable
from custhub.kit.db_clock import database_now
from custhub.kit.egress import EgressClient
from custhub.kit.egress_policy import EgressPolicy

log = logging.getLogger("custhub.webhooks")

POLL_SECONDS: Final = 0.25
#: The log is kept this long (W-9).
KEPT: Final = timedelta(days=30)
_FINISH_SECONDS: Final = 4.0
_LOOK_SECONDS: Final = 15.0


class WebhookSender:
    """Starts a lane for each endpoint with something to send. Every process runs one."""

    name = "webhook sender"

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts
        self._keys = SigningKeys(parts)
        self._slots = Slots()
        self._lanes: dict[UUID, tuple[EndpointLane, asyncio.Task[int]]] = {}
        self._turn = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`; then what is under way gets a moment to end, and the rest is sent by the next process."""
        try:
            if self._parts.database.name == "sqlite":
                # The lock on the data directory proves that whoever held these is gone.
                await expire_leases(self._parts.database, await self._now())
            while not stop.is_set():
                await self.round(stop)
                await self._wait(stop)
        finally:
            await self._end()

    async def round(self, stop: asyncio.Event) -> int:
        """Look once and start lanes. Gives how many endpoints have something to send."""
        self._lanes = {key: lane for key, lane in self._lanes.items() if not lane[1].done()}
        found = await due_endpoints(self._parts.database, await self._now())
        # Whoever comes first finds the most free slots: that is another one each time.
        self._turn = (self._turn + 1) % max(1, len(found))
        for endpoint_id, failures in found[self._turn :] + found[: self._turn]:
            if endpoint_id in self._lanes:
                self._lanes[endpoint_id][0].poke()
                continue
            lane = EndpointLane(self._parts, self._keys, self._slots, endpoint_id, stop)
            self._lanes[endpoint_id] = (lane, asyncio.create_task(self._watched(lane, suspect=failures > 0)))
        return len(found)

    async def drain(self, stop: asyncio.Event | None = None) -> None:
        """Send what is due now and wait for it; for commands and tests."""
        stop = stop or asyncio.Event()
        made = True
        while made:
            await self.round(stop)
            made = any(await asyncio.gather(*(task for _, task in self._lanes.values())))

    async def _now(self) -> datetime:
        return await database_now(self._parts.database, self._parts.clock)

    async def _watched(self, lane: EndpointLane, *, suspect: bool) -> int:
        try:
            return await lane.run(suspect=suspect)
        except DatabaseUnavailable:
            log.warning("webhook lane waits for the database")
        except Exception:
            log.exception("webhook lane failed")
        return 0

    async def _wait(self, stop: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (stop, self._parts.wake)]
        _, late = await asyncio.wait(waits, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()
        self._parts.wake.clear()

    async def _end(self) -> None:
        tasks = [task for _, task in self._lanes.values()]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_FINISH_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._lanes = {}


class WebhookReplay:
    """The job that sends events again (W-10)."""

    name = KIND
    queue = Queue.DEFAULT.value

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts

    async def run(self, work: JobWork) -> None:
        """Add the deliveries; the sender does the rest."""
        await run_replay(self._parts, work)


class Webhooks:
    """All of webhooks in one process."""

    def __init__(
        self,
        hub: Hub,
        policy: EgressPolicy,
        connect: Callable[[], EgressClient],
        renderers: Mapping[str, Renderer],
        notify: Notify | None = None,
    ) -> None:
        """`connect` makes the client that keeps to `policy`; `notify` writes to owners."""
        self.parts = WebhookParts(
            database=hub.database,
            clock=hub.clock,
            policy=policy,
            vault=SystemVault(hub.database, hub.keys, WEBHOOKS),
            transport=Transport(connect, hub.clock.monotonic, hub.version),
            metrics=WebhookMetrics(hub.metrics.registry),
            open_unit_of_work=hub.unit_of_work,
            renderers=renderers,
            notify=notify,
        )
        self.fan_out = DeliveryFanOut(self.parts)
        self.sender = WebhookSender(self.parts)
        self.watch = EndpointWatch(self.parts)
        self.replay = WebhookReplay(self.parts)
        #: What runs beside requests.
        self.tasks: tuple[BackgroundTask, ...] = (self.sender, Every("webhooks", _LOOK_SECONDS, self.watch.look))
        hub.parts[WEBHOOKS] = self.parts

    async def purge(self) -> None:
        """Forget deliveries after 30 days, and deleted endpoints once nothing of theirs is left."""
        now = await database_now(self.parts.database, self.parts.clock)
        await OLD_DELIVERIES.run(self.parts.database, now - KEPT)
        await OLD_ENDPOINTS.run(self.parts.database, now - KEPT - timedelta(days=1))

    async def aclose(self) -> None:
        """Close connections to consumers."""
        await self.parts.transport.aclose()
