"""S-45, S-47, S-51, S-110: opaque secrets are shown once and stored as a hash."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256

import pytest

from custhub.features.accounts.rules import (
    IssuedSecret,
    new_bootstrap_token,
    new_client_secret,
    new_refresh_token,
    secret_digest,
    secret_matches,
)


@pytest.mark.parametrize(
    ("make", "prefix"), [(new_refresh_token, "chr_"), (new_client_secret, "chs_"), (new_bootstrap_token, "chb_")]
)
def test_s47_secret_is_a_prefix_and_43_base64url_characters(make: Callable[[], IssuedSecret], prefix: str) -> None:
    first, second = make(), make()
    assert re.fullmatch(prefix + r"[A-Za-z0-9_-]{43}", first.text)
    assert first.text != second.text
    assert first.digest == sha256(first.text.encode()).digest() == secret_digest(first.text)


def test_secret_does_not_show_in_its_repr() -> None:
    secret = new_client_secret()
    assert secret.text not in repr(secret)


def test_s47_either_of_two_valid_secrets_matches_and_nothing_else() -> None:
    old, new = new_client_secret(), new_client_secret()
    digests = [new.digest, old.digest]
    assert secret_matches(old.text, digests)
    assert secret_matches(new.text, digests)
    for wrong in ("", old.text[:-1], old.text + "x", old.text.upper(), old.digest.hex(), "é", "\ud800"):
        assert not secret_matches(wrong, digests)
    assert not secret_matches(old.text, [])
