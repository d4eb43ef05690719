"""What a unit of work tells: its events for others, its audit entries for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from custhub.events.outbox import record_events
from custhub.features.audit.service import AuditWriter
from custhub.features.keys.service.fence import KeyFence
from custhub.kit.uow import Fact, Note, UnitOfWork


class Recording:
    """Rows of events and audit entries of a unit of work."""

    def __init__(self, audit: AuditWriter, fence: KeyFence, committed: Callable[[], None]) -> None:
        self.committed = committed
        self._audit = audit
        self._fence = fence

    def record(self, uow: UnitOfWork, facts: Sequence[Fact], notes: Sequence[Note]) -> None:
        """Add them to the write set. Raises LostRace when keys moved on since its rows were built."""
        self._fence.check(uow)
        record_events(uow, facts)
        self._audit.write(uow, notes)
