"""What carries messages of one channel away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from custhub.features.messages.rules import Content, Outcome, Recipient


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to one recipient. `key` is its Message-ID or idempotency key, the same for every attempt."""

    message_id: UUID
    key: str
    recipient: Recipient
    content: Content
    language: str


class Transport(Protocol):
    """A mail server, a provider, or a directory. One attempt per call; it never raises for what may happen."""

    @property
    def deduplicates(self) -> bool:
        """Whether the other side knows a key again: then a message in doubt is simply sent once more (M-2)."""

    @property
    def deadline_seconds(self) -> float:
        """No attempt takes longer."""

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it over and tell how that ended."""

    async def aclose(self) -> None:
        """Close what is open."""
