"""Lives of the feed: a restored database begins another one, so that nobody follows what was undone (E-7, B-7)."""

from __future__ import annotations

from custhub.events.models import EpochRow
from custhub.events.queries import HEAD
from custhub.events.repository import add_epoch
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.writes import WriteSet


async def begin_epoch(database: Database, clock: Clock, reason: str, *, after: int = 0) -> EpochRow:
    """Begin the next epoch, higher than `after` too: that of the database which this one takes the place of.

    Positions go on where they are. Raises LostRace while a relay is at work.
    """
    head = await HEAD.first(database)
    if head is None:
        raise RuntimeError("the row of event_head is missing")
    row = EpochRow(max(head.epoch, after) + 1, clock.now(), head.position, reason)
    writes = WriteSet()
    add_epoch(writes, head, row)
    await database.send(writes)
    return row
