"""What operators see of messages (R-9)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from custhub.kit.uow import UnitOfWork


class MessageMetrics:
    """Messages by channel and the state they came to."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._total = Counter("messages", "Messages by the state they came to", ("channel", "state"), registry=registry)

    def count(self, channel: str, state: str) -> None:
        """One message came to this state."""
        self._total.labels(channel, state).inc()

    def count_after(self, uow: UnitOfWork, channel: str, state: str) -> None:
        """The same, once this unit of work is stored."""
        uow.on_commit(lambda: self.count(channel, state))
