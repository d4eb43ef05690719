"""Proof that a command comes from somebody who can read the keyring: signed, for one command, for a minute (R-4)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import orjson

from custhub.crypto.errors import KeyMissing
from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.signing import Es256Signer
from custhub.kit.clock import Clock

SECONDS = 60
#: Keeps these signatures apart from tokens, which the same key signs and which begin with `eyJ`.
_DOMAIN = b"custhub operator command\0"


def request(keyring: Keyring, clock: Clock, command: str, arguments: Mapping[str, Any]) -> bytes:
    """One line that asks for a command."""
    signer = Es256Signer(keyring, Purpose.JWT)
    asked = {
        "command": command,
        "arguments": arguments,
        "issued_at": int(clock.now().timestamp()),
        "nonce": secrets.token_hex(16),
        "kid": signer.kid,
    }
    return orjson.dumps({**asked, "signature": signer.sign(_signed(asked)).hex()}) + b"\n"


class AssertionChecker:
    """Accepts each assertion once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: dict[str, int] = {}

    def accept(self, keyring: Keyring, line: bytes) -> tuple[str, dict[str, Any]] | None:
        """Command and arguments of a line made by `request`; None for anything else."""
        try:
            asked = orjson.loads(line)
            signature = bytes.fromhex(asked.pop("signature"))
            command, arguments, issued_at = asked["command"], asked["arguments"], asked["issued_at"]
            nonce, signer = asked["nonce"], Es256Signer(keyring, Purpose.JWT, asked["kid"])
        except (ValueError, TypeError, AttributeError, LookupError, KeyMissing):
            return None
        now = self._clock.now().timestamp()
        timely = isinstance(issued_at, int) and abs(now - issued_at) <= SECONDS
        if not timely or not isinstance(nonce, str) or nonce in self._used:
            return None
        if not signer.verify(_signed(asked), signature):
            return None
        self._used = {known: until for known, until in self._used.items() if until >= now}
        self._used[nonce] = issued_at + SECONDS
        return command, arguments


def _signed(asked: Mapping[str, Any]) -> bytes:
    return _DOMAIN + orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
