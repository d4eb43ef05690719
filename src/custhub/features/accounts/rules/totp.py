"""One-time codes of authenticator apps (RFC 6238, S-50)."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

TOTP_PERIOD_SECONDS = 30
TOTP_DIGITS = 6


def new_totp_secret() -> bytes:
    """A seed of 160 bits, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def totp_uri(secret: bytes, account: str, issuer: str) -> str:
    """What an authenticator app reads from a QR code."""
    parameters = {
        "secret": b32encode(secret).decode().rstrip("="),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": TOTP_DIGITS,
        "period": TOTP_PERIOD_SECONDS,
    }
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(account, safe='')}?{urlencode(parameters, quote_via=quote)}"


def totp_step(now: datetime) -> int:
    """The number of the 30 second step that `now` lies in (RFC 6238)."""
    return int(now.timestamp()) // TOTP_PERIOD_SECONDS


def totp_code(secret: bytes, step: int) -> str:
    """The six digits of one step (RFC 6238 with SHA-1)."""
    mac = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**TOTP_DIGITS:0{TOTP_DIGITS}d}"


def verify_totp(secret: bytes, code: str, now: datetime, last_used_step: int | None) -> int | None:
    """The step `code` belongs to, the one before and after now included, or None (S-50).

    Store the step with a compare-and-set and give it back as `last_used_step`: a code works once, and none
    older than the last one does.
    """
    if len(code) != TOTP_DIGITS or not (code.isascii() and code.isdigit()):
        return None
    current = totp_step(now)
    matched = None
    # All three steps are always compared, in rising order: if two share a code, the later one is used up.
    for step in range(current - 1, current + 2):
        same = hmac.compare_digest(totp_code(secret, step), code)
        if same and (last_used_step is None or step > last_used_step):
            matched = step
    return matched
