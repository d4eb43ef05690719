"""What becomes of a message (M-1)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    """How a message travels."""

    EMAIL = "email"
    SMS = "sms"


class MessageState(StrEnum):
    """Where a message stands. `unknown`: the provider may have taken it, and nobody can tell (M-2)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNKNOWN = "unknown"


#: Nothing is sent any more from these; what a provider reports may still move some of them.
ENDS: Final = frozenset(
    (
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.BOUNCED,
        MessageState.FAILED,
        MessageState.UNKNOWN,
    )
)

_S = MessageState
#: Every change of state there is.
TRANSITIONS: Final = frozenset(
    {
        (_S.QUEUED, _S.SENDING),
        (_S.QUEUED, _S.FAILED),
        # Sent in doubt, to be sent again under the same key: the provider reports about the first time.
        (_S.QUEUED, _S.DELIVERED),
        (_S.QUEUED, _S.BOUNCED),
        (_S.SENDING, _S.QUEUED),
        (_S.SENDING, _S.SENT),
        (_S.SENDING, _S.DELIVERED),
        (_S.SENDING, _S.BOUNCED),
        (_S.SENDING, _S.FAILED),
        (_S.SENDING, _S.UNKNOWN),
        (_S.SENT, _S.DELIVERED),
        (_S.SENT, _S.BOUNCED),
        (_S.SENT, _S.FAILED),
        (_S.UNKNOWN, _S.SENT),
        (_S.UNKNOWN, _S.DELIVERED),
        (_S.UNKNOWN, _S.BOUNCED),
        (_S.UNKNOWN, _S.FAILED),
    }
)
