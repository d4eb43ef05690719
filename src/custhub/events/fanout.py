"""What the relay hands each event to, in the transaction that gives it its position (RELIABILITY E-6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from custhub.events.outbox import EventRow
from custhub.kit.db import TransactionConnection


class FanOut(Protocol):
    """Somebody who must hear of every event exactly once, such as the deliveries of webhooks.

    It writes through `connection` and never waits for anything but the database. What it raises undoes the whole pass:
    the events keep waiting, and the relay tries them again.
    """

    async def spread(self, connection: TransactionConnection, events: Sequence[EventRow]) -> None:
        """Take these events, in the order of their positions; `epoch` and `position` are set."""
