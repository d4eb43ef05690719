"""The kinds of messages that the hub itself sends to those who run it."""

from __future__ import annotations

from typing import Final

from custhub.features.messages.rules.kinds import Category, MessageKind
from custhub.features.messages.rules.states import Channel

#: Shows that sending works.
TEST: Final = MessageKind("test", Category.OPERATOR, frozenset(Channel))
#: A webhook endpoint has failed for a day (W-5).
WEBHOOK_FAILING: Final = MessageKind(
    "webhook_endpoint_failing", Category.OPERATOR, frozenset((Channel.EMAIL,)), duplicate_ok=True
)
#: A webhook endpoint was disabled (W-5).
WEBHOOK_DISABLED: Final = MessageKind(
    "webhook_endpoint_disabled", Category.OPERATOR, frozenset((Channel.EMAIL,)), duplicate_ok=True
)
NOTICES: Final = (TEST, WEBHOOK_FAILING, WEBHOOK_DISABLED)
