"""A lane: sends what one endpoint has waiting, until nothing is left. Lanes do not wait for each other (W-6)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from custhub.features.webhooks.queries.endpoints import secrets_by_endpoint
from custhub.features.webhooks.repository import keep_body
from custhub.features.webhooks.rules import AttemptError, DeliveryState, key_of
from custhub.features.webhooks.service.bodies import full_body
from custhub.features.webhooks.service.parts import WebhookParts
from custhub.features.webhooks.service.slots import Slots
from custhub.features.webhooks.service.transport import Letter
from custhub.features.webhooks.service.turn import PER_ENDPOINT, Result, Shot, Turned, Turns
from custhub.features.webhooks.service.watch import EndpointWatch
from custhub.kit.db import DatabaseUnavailable, DiskFull
from custhub.kit.ids import Prefix, to_text
from custhub.kit.writes import LostRace

log = logging.getLogger("custhub.webhooks")

_PAUSE_SECONDS: Final = 0.5
#: Results are kept in hand through a short loss of the database; after that their leases run out anyway.
_TRIES: Final = 60
_KNOWN_KEYS: Final = 1_000
#: Results that are recorded together, and how long the first of them waits for others.
_RECORD_AT_ONCE: Final = 16
_RECORD_SECONDS: Final = 0.25
#: What was claimed and not sent by then is given back, long before its lease ends.
_KEEP_SECONDS: Final = 20.0


class SigningKeys:
    """Secrets in clear, opened once."""

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts
        self._opened: dict[UUID, bytes] = {}

    async def of(self, endpoint_id: UUID) -> list[tuple[bytes, datetime | None]]:
        """The keys of an endpoint, newest first, each with its end. Raises IntegrityError, KeyUnavailable."""
        rows = (await secrets_by_endpoint(self._parts.database, [endpoint_id])).get(endpoint_id, [])
        found = []
        for row in rows:
            if row.id not in self._opened:
                if len(self._opened) >= _KNOWN_KEYS:
                    self._opened.clear()
                self._opened[row.id] = key_of(await self._parts.open(row))
            found.append((self._opened[row.id], row.expires_at))
        return found


class EndpointLane:
    """Sends to one endpoint, at most four at a time."""

    def __init__(
        self, parts: WebhookParts, keys: SigningKeys, slots: Slots, endpoint_id: UUID, stop: asyncio.Event
    ) -> None:
        self._parts = parts
        self._keys = keys
        self._slots = slots
        self._endpoint_id = endpoint_id
        self._stop = stop
        self._turns = Turns(parts)
        self._watch = EndpointWatch(parts)
        self._more = asyncio.Event()
        self._signing: list[tuple[bytes, datetime | None]] = []
        self._suspect = False
        self._sending: dict[asyncio.Task[Result | None], bool] = {}
        self._backlog: deque[Shot] = deque()
        self._turned_at = self._claimed_at = 0.0

    def poke(self) -> None:
        """There is more to send."""
        self._more.set()

    async def run(self, *, suspect: bool) -> int:
        """Send until nothing is left or the process stops; gives how many attempts it made.

        What is under way at the end is waited for. `suspect` says whether the last attempt failed.
        """
        self._suspect = suspect
        results: list[Result] = []
        made = 0
        try:
            while True:
                self._more.clear()
                if self._is_time(results):
                    await self._next(results)
                    results = []
                made += self._start()
                if not self._sending:
                    await self._give_back()
                    return made
                results += await self._finished()
        finally:
            # Only a failure or the end of the process leaves any: their leases run out, and they are sent again.
            for task, was_suspect in self._sending.items():
                task.cancel()
                self._slots.give(1, suspect=was_suspect)
            self._sending = {}

    def _is_time(self, results: Sequence[Result]) -> bool:
        """Whether to go to the database: a turn there costs more than an attempt, so results are gathered for a bit."""
        if not self._backlog or len(results) >= _RECORD_AT_ONCE or any(result.sent.error for result in results):
            return True
        return self._stop.is_set() or self._loop_time() - self._turned_at >= _RECORD_SECONDS

    def _start(self) -> int:
        """Send from what is claimed, as many at a time as there are places and slots."""
        started = 0
        while self._backlog and len(self._sending) < self._places and self._slots.take(1, suspect=self._suspect):
            shot = self._backlog.popleft()
            # The time of the attempt, by the database's clock (W-1).
            shot = replace(shot, at=shot.at + timedelta(seconds=self._loop_time() - self._claimed_at))
            task = asyncio.create_task(self._send(shot))
            self._sending[task] = self._suspect
            started += 1
        return started

    @property
    def _places(self) -> int:
        # One that failed may hang: it is not given more than one place until it has recovered.
        return 1 if self._suspect else PER_ENDPOINT

    async def _finished(self) -> list[Result]:
        """Wait for an answer, or for news where there is a place for more."""
        waits: set[asyncio.Task[Any]] = {*self._sending}
        poked = asyncio.create_task(self._more.wait())
        if len(self._sending) < self._places:
            waits.add(poked)
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            poked.cancel()
        results = []
        for task in list(self._sending):
            if task in done:
                self._slots.give(1, suspect=self._sending.pop(task))
                result = task.result()
                if result is not None:
                    results.append(result)
        return results

    async def _next(self, results: Sequence[Result]) -> None:
        """Record and claim. After a failure, or when it took long, what is not sent yet is given back first."""
        failed = any(result.sent.error is not None for result in results)
        late = self._loop_time() - self._claimed_at >= _KEEP_SECONDS
        unsent: list[Shot] = []
        if failed or late or self._suspect or self._stop.is_set():
            unsent = [*self._backlog]
            self._backlog.clear()
        free = 0 if self._stop.is_set() or self._backlog else self._places - len(self._sending)
        # Claimed is only what can be sent: what finds no slot would wait here, while another process has some.
        got = self._slots.take(free, suspect=self._suspect)
        self._slots.give(got, suspect=self._suspect)
        if got or results or unsent:
            if got:
                self._signing = await self._keys.of(self._endpoint_id)
            turned = await self._turn(results, got, unsent)
            self._turned_at = self._loop_time()
            if turned.shots:
                self._claimed_at = self._turned_at
                self._backlog.extend(turned.shots)
            self._suspect = turned.health.failures > 0
            await self._follow(turned)

    async def _give_back(self) -> None:
        """Other lanes have all slots by now: what is claimed waits for the next one of this endpoint."""
        if self._backlog:
            unsent = [*self._backlog]
            self._backlog.clear()
            await self._turn((), 0, unsent)

    def _loop_time(self) -> float:
        return asyncio.get_running_loop().time()

    async def _turn(self, results: Sequence[Result], free: int, unsent: Sequence[Shot]) -> Turned:
        for _ in range(_TRIES):
            try:
                own = len(self._sending) + len(self._backlog)
                return await self._turns.turn(self._endpoint_id, results, free, unsent=unsent, own=own)
            except (DatabaseUnavailable, DiskFull, LostRace):
                if not results:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
        raise DatabaseUnavailable

    async def _follow(self, turned: Turned) -> None:
        metrics = self._parts.metrics
        for result, verdict in turned.recorded:
            sent, row = result.sent, result.shot.row
            metrics.attempts.labels("success" if sent.error is None else sent.error.value).inc()
            if row.replay == 0 and result.shot.number == 1:
                metrics.first_age.observe(max(0.0, (result.shot.at - row.occurred_at).total_seconds()))
            if sent.error is None and row.replay == 0:
                metrics.age.observe(max(0.0, (turned.now - row.occurred_at).total_seconds()))
            elif verdict.state == DeliveryState.DEAD:
                metrics.dead.inc()
        if any(result.sent.error is AttemptError.GONE for result, _ in turned.recorded):
            await self._watch.gone(self._endpoint_id)
        elif turned.recorded and (turned.health.is_to_warn(turned.now) or turned.health.is_to_disable(turned.now)):
            await self._watch.judge(self._endpoint_id, turned.now)

    async def _send(self, shot: Shot) -> Result | None:
        try:
            body = shot.body
            if body is None:
                if shot.event is None:
                    return None
                body = await full_body(shot.event, shot.endpoint.access, self._parts.renderers)
                if not await keep_body(self._parts.database, shot.row.id, shot.token, body):
                    return None
            letter = Letter(
                url=shot.endpoint.url,
                event_id=to_text(Prefix.EVENT, shot.row.event_id),
                delivery_id=to_text(Prefix.DELIVERY, shot.row.id),
                attempt=shot.number,
                replay=shot.row.replay,
                body=body,
            )
            keys = [key for key, ends in self._signing if ends is None or ends > shot.at]
            return Result(shot, await self._parts.transport.send(letter, keys, shot.at))
        except DatabaseUnavailable:
            log.warning("webhook delivery waits for the database")
        except Exception:
            # Its lease runs out, and it is sent again.
            log.exception("webhook delivery failed", extra={"task": str(self._endpoint_id)})
        return None
