"""Secrets and signatures in the format of Standard Webhooks (W-1, W-2)."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
KEY_BYTES: Final = 32


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(os.urandom(KEY_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The key that a secret stands for."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def signature(keys: Iterable[bytes], webhook_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one `v1,<base64>` for each key, over id, time and the exact bytes sent."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digests = (base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)
    return " ".join(f"v1,{digest}" for digest in digests)
