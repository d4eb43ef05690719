"""Opaque secrets: shown once, stored as a hash (S-45, S-47, S-51, S-110)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256

BOOTSTRAP_TOKEN_SECONDS = 900
RESET_TOKEN_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """A secret of 32 random bytes: `text` is shown once, `digest` (SHA-256 of the text) is stored."""

    text: str = field(repr=False)
    digest: bytes


def new_refresh_token() -> IssuedSecret:
    """A refresh token, `chr_` and 43 base64url characters (S-45)."""
    return _issue("chr_")


def new_client_secret() -> IssuedSecret:
    """A client secret, `chs_` and 43 base64url characters (S-47)."""
    return _issue("chs_")


def new_bootstrap_token() -> IssuedSecret:
    """The one-time token of the first administrator, `chb_` and 43 base64url characters (S-51)."""
    return _issue("chb_")


def new_reset_token() -> IssuedSecret:
    """The one-time token that sets a new password, `chp_` and 43 base64url characters."""
    return _issue("chp_")


def secret_digest(text: str) -> bytes:
    """The SHA-256 under which a secret is stored and found."""
    return sha256(_utf8(text)).digest()


def secret_matches(text: str, digests: Iterable[bytes]) -> bool:
    """Whether `text` is one of the secrets behind `digests`; all are compared, each in constant time (S-47, S-110)."""
    digest, matched = secret_digest(text), False
    for known in digests:
        matched |= hmac.compare_digest(digest, known)
    return matched


def _utf8(text: str) -> bytes:
    # A lone surrogate must neither raise nor collide with another text.
    return text.encode("utf-8", "surrogatepass")


def _issue(prefix: str) -> IssuedSecret:
    text = prefix + secrets.token_urlsafe(32)
    return IssuedSecret(text, secret_digest(text))
