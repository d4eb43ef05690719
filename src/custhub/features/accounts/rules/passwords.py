"""Passwords: what may be one, and how it is stored (S-48)."""

from __future__ import annotations

import unicodedata

import argon2
from argon2.exceptions import VerifyMismatchError

from custhub.features.accounts.errors import PasswordTooWeak

MIN_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 128
#: NFC makes one character of at most four.
MAX_RAW_CHARACTERS = 4 * MAX_PASSWORD_CHARACTERS


def check_password(password: str) -> str:
    """The password in NFC, if it has 12 to 128 characters in that form (S-48). Raises PasswordTooWeak."""
    normal = _normal(password)
    if not MIN_PASSWORD_CHARACTERS <= len(normal) <= MAX_PASSWORD_CHARACTERS:
        raise PasswordTooWeak
    return normal


class PasswordHasher:
    """Argon2id with m = 19456 KiB, t = 2, p = 1 (S-48).

    `hash` and `verify` take some 25 ms of CPU each and release the interpreter: call them in a thread.
    """

    # Made with the same parameters from random text that nobody kept.
    _NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$ss5y+QnQUm5sU1cnVrqXsw$JP8vYDtQ40ST8SXKu4n7awZXBZaZrhBswLIUFlngu7A"

    def __init__(self) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, hash_len=32, salt_len=16)

    def hash(self, password: str) -> str:
        """The encoded hash to store. Raises PasswordTooWeak."""
        return self._argon2.hash(_utf8(check_password(password)))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one behind `stored`; None, an unknown user, costs as much and is False.

        Raises argon2's InvalidHashError for a stored text that is no hash.
        """
        try:
            self._argon2.verify(self._NOBODY if stored is None else stored, _utf8(_normal(password)))
        except VerifyMismatchError:
            return False
        return stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether `stored` was made with other parameters and should be made anew at this login."""
        return self._argon2.check_needs_rehash(stored)


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password) if len(password) <= MAX_RAW_CHARACTERS else password


def _utf8(text: str) -> bytes:
    # A lone surrogate must neither raise nor collide with another text.
    return text.encode("utf-8", "surrogatepass")
