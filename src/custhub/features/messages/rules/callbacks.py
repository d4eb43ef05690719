"""Does a callback come from the provider (M-4)? Signed as Standard Webhooks say, or with a token."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from custhub.features.messages.rules.states import MessageState

_TOLERANCE_SECONDS: Final = 300
_MAX_SIGNATURES: Final = 8
_LONGEST_ID: Final = 200


class ReportStatus(StrEnum):
    """What a provider says of a message."""

    DELIVERED = "delivered"
    #: The recipient does not exist or cannot be reached, for good.
    BOUNCED = "bounced"
    #: It was not delivered, for a reason that is not the recipient's.
    FAILED = "failed"
    #: The recipient called it unwanted: it arrived, and nobody shall write there again.
    COMPLAINED = "complained"


STATE_OF: Final[Mapping[ReportStatus, MessageState]] = {
    ReportStatus.DELIVERED: MessageState.DELIVERED,
    ReportStatus.COMPLAINED: MessageState.DELIVERED,
    ReportStatus.BOUNCED: MessageState.BOUNCED,
    ReportStatus.FAILED: MessageState.FAILED,
}


def is_from_provider(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Whether the headers (names in lower case) prove it; all comparisons take constant time (S-110).

    With `webhook-signature` they must sign id, time and these very bytes, at most five minutes ago; without it,
    `authorization: Bearer <secret>` will do.
    """
    if not secret:
        return False
    if "webhook-signature" in headers:
        return _is_signed(secret, headers, body, now)
    given = headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {secret}".encode())


def signature_of(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64>`, as Standard Webhooks write it. The key is what stands behind `whsec_`, else the text itself."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()


def _is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or len(message_id) > _LONGEST_ID or not sent.isascii() or not sent.isdigit() or len(sent) > 12:
        return False
    if abs(now.timestamp() - int(sent)) > _TOLERANCE_SECONDS:
        return False
    expected = signature_of(secret, message_id, int(sent), body).encode()
    given = headers["webhook-signature"].split(" ")[:_MAX_SIGNATURES]
    return any(hmac.compare_digest(signature.encode(), expected) for signature in given)


def _key(secret: str) -> bytes:
    prefix, _, encoded = secret.partition("_")
    if prefix != "whsec":
        return secret.encode()
    try:
        return b64decode(encoded, validate=True)
    except ValueError:
        return secret.encode()
