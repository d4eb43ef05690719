"""Who may be written to, asked again right before a message leaves (M-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from custhub.features.messages.rules import Category, Channel, Recipient

Decision = Literal["allow", "defer", "refuse"]


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that is about to leave."""

    message_id: UUID
    channel: Channel
    kind: str
    category: Category
    #: What consent is asked for; None where none is needed.
    purpose: str | None
    customer_id: UUID | None
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says. `reason` is a code of at most 40 characters, `until` the end of a pause."""

    decision: Decision
    reason: str = ""
    until: datetime | None = None


ALLOWED = Verdict("allow")


class SendGate(Protocol):
    """One rule: consent, the suppression list, quiet hours, a frequency cap. Features hand theirs in by app.py."""

    async def judge(self, sending: Sending, now: datetime) -> Verdict | None:
        """What becomes of it; None: no matter of this rule. `now` is the database's time."""


class Gates:
    """All rules together: the first refusal counts, else the latest pause, else somebody must have allowed it.

    Messages to operators and those that a person asked for are allowed where no rule objects; marketing leaves only
    where a rule allows it.
    """

    def __init__(self, gates: Sequence[SendGate]) -> None:
        self._gates = tuple(gates)

    async def judge(self, sending: Sending, now: datetime) -> Verdict:
        """What becomes of it."""
        pause: Verdict | None = None
        allowed = sending.category is not Category.MARKETING
        for gate in self._gates:
            verdict = await gate.judge(sending, now)
            if verdict is None:
                continue
            if verdict.decision == "refuse":
                return verdict
            if verdict.decision == "allow":
                allowed = True
            elif verdict.until is not None and (pause is None or pause.until is None or verdict.until > pause.until):
                pause = verdict
        if not allowed:
            return Verdict("refuse", "not_allowed")
        return pause or ALLOWED
