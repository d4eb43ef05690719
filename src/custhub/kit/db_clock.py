"""The database's own time, for what becomes due: a worker whose clock jumps must not run it early or twice."""

from __future__ import annotations

from datetime import datetime

from custhub.kit.clock import Clock
from custhub.kit.db import TransactionConnection
from custhub.kit.query import Reader


async def database_now(reader: Reader | TransactionConnection, clock: Clock) -> datetime:
    """What time it is in the database, aware, in UTC. Embedded in this process, it has the process's own clock."""
    if reader.name == "sqlite":
        return clock.now()
    now: datetime = (await reader.fetch("SELECT clock_timestamp()", ()))[0][0]
    return now
