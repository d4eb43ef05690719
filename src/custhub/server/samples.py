"""Secrets that everybody knows, because they stand in documents and examples: not for production (S-51)."""

from __future__ import annotations

import os
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from custhub.crypto.keyring import Keyring, Purpose
from custhub.settings import Settings

_PASSWORDS = frozenset(
    {"postgres", "postgresql", "password", "passwd", "secret", "changeme", "change-me", "custhub", "admin", "example"}
    | {"test", "root", "12345678", "123456", "qwerty", "letmein"}
)


def known_secrets(settings: Settings, keyring: Keyring) -> list[str]:
    """What is set to a value that anybody can look up, in words."""
    found = [
        f"key purpose={purpose} kid={kid} is a sample key" for purpose in Purpose for kid in _samples(keyring, purpose)
    ]
    if {_url_password(settings), os.environ.get("PGPASSWORD", "").lower()} & _PASSWORDS:
        found.append("the password of the database is one from examples")
    return found


def _samples(keyring: Keyring, purpose: Purpose) -> list[int]:
    return [kid for kid in keyring.kids(purpose) if _is_sample(keyring.root(purpose, kid))]


def _is_sample(root: bytes) -> bool:
    # One byte over and over, or counting up: nobody drew that at random.
    steps = {(after - before) % 256 for before, after in pairwise(root)}
    return steps in ({0}, {1})


def _url_password(settings: Settings) -> str:
    password = urlsplit(settings.database_url).password
    return "" if password is None else unquote(password).lower()
