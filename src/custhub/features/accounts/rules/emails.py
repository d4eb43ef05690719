"""E-mail addresses as names of accounts: one spelling each."""

from __future__ import annotations

import re
import unicodedata

_SHAPE = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")


def normal_email(text: str) -> str:
    """The one spelling of an address: no space around it, compatible characters and case folded."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def is_email(text: str) -> bool:
    """Whether this could be an address: one @ with something on both sides, nothing unprintable."""
    return len(text) <= 254 and text.isprintable() and _SHAPE.fullmatch(text) is not None
