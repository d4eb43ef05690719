"""How attempts end in the database: one guarded change each, with its event (M-1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from custhub.events.envelope import Event
from custhub.features.messages.events import (
    MessageBounced,
    MessageDelivered,
    MessageFailed,
    MessageLost,
    MessageSent,
)
from custhub.features.messages.models import MessageRow
from custhub.features.messages.repository import MessageRepository
from custhub.features.messages.rules import (
    ENDS,
    TRANSITIONS,
    Channel,
    Ending,
    MessageState,
    Outcome,
    backoff,
)
from custhub.features.messages.service.parts import MessageParts
from custhub.kit.uow import UnitOfWork

EXPIRED: Final = "expired"
IN_DOUBT: Final = "in_doubt"

_EVENTS: Final[Mapping[MessageState, type[Event]]] = {
    MessageState.SENT: MessageSent,
    MessageState.DELIVERED: MessageDelivered,
    MessageState.BOUNCED: MessageBounced,
    MessageState.FAILED: MessageFailed,
    MessageState.UNKNOWN: MessageLost,
}


class Settling:
    """Writes what became of messages. `now` is the database's time."""

    def __init__(self, parts: MessageParts) -> None:
        self._parts = parts

    def move(
        self, uow: UnitOfWork, row: MessageRow, state: MessageState, values: Mapping[str, Any] | None = None
    ) -> MessageRow:
        """Change the state; the unit of work is lost if the message is not as `row` says any more."""
        before = MessageState(row.state)
        if (before, state) not in TRANSITIONS:
            raise RuntimeError(f"no message goes from {before} to {state}")
        more: dict[str, Any] = {"state": state.value, **(values or {})}
        if state in ENDS:
            self._parts.metrics.count_after(uow, row.channel, state.value)
            more |= {"content": None, "lease_until": None, "next_attempt_at": None, "finished_at": uow.now}
        new = MessageRepository(uow).change(row, more)
        event = _EVENTS.get(state)
        if event is not None:
            extra = {"channel": row.channel, "kind": row.kind}
            if "error" in event.members:
                extra["error"] = new.error or ""
            uow.emit(event(row.id, new.revision, customer_id=row.customer_id, extra=extra))
        return new

    def conclude(self, uow: UnitOfWork, row: MessageRow, outcome: Outcome, now: datetime) -> MessageRow:
        """Store how an attempt ended: `row` is being sent, or was given up as unknown meanwhile."""
        values: dict[str, Any] = {"error": outcome.error, "provider_status": outcome.status}
        match outcome.ending:
            case Ending.ACCEPTED:
                sent = {"provider_id": outcome.provider_id, "sent_at": uow.now}
                return self.move(uow, row, MessageState.SENT, values | sent)
            case Ending.BOUNCED:
                return self.move(uow, row, MessageState.BOUNCED, values)
            case Ending.REJECTED:
                return self.move(uow, row, MessageState.FAILED, values)
            case Ending.IN_DOUBT if not self.may_repeat(row):
                return self.move(uow, row, MessageState.UNKNOWN, values)
        again = now + backoff(row.attempts, outcome.retry_after)
        if again >= row.expires_at:
            if outcome.ending is Ending.IN_DOUBT:
                return self.move(uow, row, MessageState.UNKNOWN, values)
            return self.move(uow, row, MessageState.FAILED, values | {"error": EXPIRED})
        queued = {"attempt_id": None, "lease_until": None, "next_attempt_at": again}
        return self.move(uow, row, MessageState.QUEUED, values | queued)

    def may_repeat(self, row: MessageRow) -> bool:
        """Whether a message in doubt may be sent once more (M-2)."""
        transport = self._parts.transports.get(Channel(row.channel))
        return row.duplicate_ok or (transport is not None and transport.deduplicates)
