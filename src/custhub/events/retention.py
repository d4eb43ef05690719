"""Retention of the feed: old events go, the last one of each subject stays (RELIABILITY E-7)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from custhub.events.queries import HEAD, NEXT_TO_COMPACT, SUPERSEDED
from custhub.events.repository import Outbox
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.writes import LostRace

#: How long every event stays.
KEPT = timedelta(days=30)
#: Events looked through at once: on SQLite a transaction must stay within 20 ms.
_BATCH = {"sqlite": 200, "postgresql": 1_000}


class EventRetention:
    """Looks through events in the order of the feed, once, and removes what is not the last of its subject.

    What it kept, because it was the last, goes when a later event of the same subject is old enough itself.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._batch = _BATCH[database.name]

    async def run(self) -> int:
        """Compact all that is old enough; the number of events removed. Raises DatabaseUnavailable."""
        before = self._clock.now() - KEPT
        removed = 0
        while await self._is_due(before):
            try:
                removed += await self._compact(before)
            except LostRace:
                return removed  # another process is at it
            await asyncio.sleep(0)
        return removed

    async def _is_due(self, before: datetime) -> bool:
        head = await HEAD.first(self._database)
        if head is None:
            return False
        oldest = await NEXT_TO_COMPACT.first(self._database, after=head.compacted, limit=1)
        return oldest is not None and oldest.occurred_at < before

    async def _compact(self, before: datetime) -> int:
        async with self._database.transaction() as connection:
            outbox = Outbox(self._database, connection)
            head = await outbox.head()
            found = await NEXT_TO_COMPACT.all(outbox, after=head.compacted, limit=self._batch)
            upto, ids = head.compacted, set()
            for event in found:
                if event.occurred_at >= before:
                    break
                upto = event.position
                ids.add(event.subject_id)
            if upto == head.compacted:
                return 0
            superseded = await SUPERSEDED.all(outbox, ids=list(ids), upto=upto)
            await outbox.compact(head, upto, superseded)
        return len(superseded)
