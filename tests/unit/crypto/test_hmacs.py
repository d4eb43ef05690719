"""HMAC-SHA256 with its pads hashed once."""

from __future__ import annotations

import hmac

from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.crypto.hmacs import HmacSha256


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.lists(st.binary(max_size=300), max_size=3))
def test_it_is_what_the_library_makes(key: bytes, messages: list[bytes]) -> None:
    """One object gives the right digest of every message, one after the other."""
    made = HmacSha256(key)
    for message in messages:
        assert made.digest(message) == hmac.digest(key, message, "sha256")
