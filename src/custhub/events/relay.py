"""The relay: gives committed events their positions and hands them on, one relay at a time (RELIABILITY E-6, E-8).

Ids say nothing about the order of commits, so a reader that remembers the highest id loses events. Positions are given
behind the commits, under a lock: they have no gaps, and what has one is visible to every reader.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from custhub.events.fanout import FanOut
from custhub.events.outbox import EventRow
from custhub.events.placing import placed, subject_changes
from custhub.events.queries import BULK, COUNT_WAITING, IS_WAITING, NORMAL, OLDEST_WAITING
from custhub.events.repository import Outbox, the_one_relay
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.query import Query

POLL_SECONDS = 0.5
#: Events that are committed within this time get their positions together: each time costs a COMMIT.
GATHER_SECONDS = 0.05
#: A backlog is worked off for so long before others get their turn.
_TURN_SECONDS = 0.5
_FIRST_ID = UUID(int=0)
#: Looks begin at events of this age; once a minute, at the very first. The index of what waits is full of places
#: that are not in use any more, as long as a backup's snapshot keeps them from being cleared.
_NEAR = timedelta(seconds=60)
_FAR_SECONDS = 60.0
#: Events per pass. On SQLite its transaction must stay within 20 ms, whatever fan-outs add to it.
_MOST = {"sqlite": 400, "postgresql": 2_000}
_FIRST = {"sqlite": 150, "postgresql": 1_000}
_FEWEST = 20
_SLICE_SECONDS = {"sqlite": 0.012, "postgresql": 0.2}
#: Others go first; bulk events have what they leave of a pass, and this share in any case (E-8).
_BULK_SHARE = 0.25


class _Lane:
    """Events that wait, oldest first. `after` is where looks begin."""

    def __init__(self, query: Query[EventRow]) -> None:
        self.after = _FIRST_ID
        self._query = query

    async def look(self, outbox: Outbox, limit: int) -> list[EventRow]:
        """At most `limit` of them."""
        return await self._query.all(outbox, after=self.after, limit=limit)

    def move_on(self, found: Sequence[EventRow], limit: int, now: datetime) -> bool:
        """These are placed now. Whether there may be more."""
        full = len(found) == limit
        self.after = _first_id((min(now, found[-1].occurred_at) if full else now) - _NEAR)
        return full


class EventRelay:
    """Every process has one; they take turns. `fan_outs` hear of each event in the transaction that places it."""

    def __init__(self, database: Database, clock: Clock, *, fan_outs: Sequence[FanOut] = ()) -> None:
        self._database = database
        self._clock = clock
        self._fan_outs = fan_outs
        self._normal, self._bulk = _Lane(NORMAL), _Lane(BULK)
        self._far_at = clock.monotonic() + _FAR_SECONDS
        #: How many events a pass takes: it learns from what they cost.
        self.rows = _FIRST[database.name]

    async def turn(self) -> float:
        """Place what is there, for a bounded time; the seconds until the next turn. Raises DatabaseUnavailable."""
        until = time.perf_counter() + _TURN_SECONDS
        while await self.step():
            if time.perf_counter() >= until:
                return 0.0
            await asyncio.sleep(0)
        return POLL_SECONDS

    async def drain(self) -> None:
        """Place all that is committed, however long it takes, unless another relay is at it."""
        self._look_far()
        while await self.step():
            await asyncio.sleep(0)

    async def measure(self, waiting: Callable[[float], None], oldest: Callable[[float], None]) -> None:
        """Tell how many events have no position, 200,000 at most, and for how many seconds the oldest one has not."""
        waiting(await COUNT_WAITING.first(self._database) or 0)
        now = self._clock.now()
        ages = [(now - at).total_seconds() for lane in OLDEST_WAITING if (at := await lane.first(self._database))]
        oldest(max([0.0, *ages]))

    async def step(self) -> bool:
        """Place one batch; whether there may be more."""
        if self._clock.monotonic() >= self._far_at:
            self._look_far()
        if not await IS_WAITING.first(self._database, after=self._normal.after, bulk_after=self._bulk.after):
            return False
        now, limit = self._clock.now(), self.rows
        async with the_one_relay(self._database) as outbox:
            if outbox is None:
                return False
            began = time.perf_counter()
            normal = await self._normal.look(outbox, limit)
            bulk_limit = max(limit - len(normal), int(limit * _BULK_SHARE))
            bulk = await self._bulk.look(outbox, bulk_limit)
            if rows := [*normal, *bulk]:
                await self._place(outbox, rows)
            # Without the COMMIT: that waits for the disk, in a thread.
            took = time.perf_counter() - began
        # Only now: had it failed, the next look would have to begin where this one did.
        full = [self._normal.move_on(normal, limit, now), self._bulk.move_on(bulk, bulk_limit, now)]
        if any(full):
            self._learn(took)
        return any(full)

    async def _place(self, outbox: Outbox, rows: Sequence[EventRow]) -> None:
        head = await outbox.head()
        events = placed(rows, head)
        known = await outbox.subjects({row.subject_id for row in events})
        states = await outbox.states()
        changes = subject_changes(events, known, states)
        await outbox.place(events)
        await outbox.save_subjects(changes.new, changes.changed)
        await outbox.save_states(
            {name: state for name, state in changes.states.items() if name not in states},
            {name: state for name, state in changes.states.items() if name in states},
        )
        for fan_out in self._fan_outs:
            await fan_out.spread(outbox.connection, events)
        await outbox.move_head(head, head.position + len(events))

    def _look_far(self) -> None:
        # A process may have been frozen between making an id and committing it, or its clock be wrong.
        self._far_at = self._clock.monotonic() + _FAR_SECONDS
        self._normal.after = self._bulk.after = _FIRST_ID

    def _learn(self, took: float) -> None:
        wanted = _SLICE_SECONDS[self._database.name]
        factor = 0.5 if took > wanted else 1.25 if took < wanted / 2 else 1.0
        self.rows = min(_MOST[self._database.name], max(_FEWEST, int(self.rows * factor)))


def _first_id(at: datetime) -> UUID:
    """The lowest UUIDv7 of this time."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)
