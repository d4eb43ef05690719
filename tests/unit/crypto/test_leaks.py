"""S-20: no key shows in any text that an object or an error gives of itself."""

from __future__ import annotations

import base64
import traceback
from uuid import UUID

import pytest

from custhub.crypto.cipher import Dek, FieldCipher
from custhub.crypto.errors import (
    IntegrityError,
    KeyMismatch,
    KeyMissing,
    KeyringError,
    KeyUnavailable,
)
from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.lookup import BlindIndexes, SuppressionHashes
from custhub.crypto.signing import CursorKey, Es256Signer, MacKey
from custhub.kit.errors import REGISTRY, Corrupt, HubError, Unavailable, family_of


def _spellings(secret: bytes) -> list[str]:
    return [secret.hex(), base64.b64encode(secret).decode(), repr(secret)[2:-1], str(int.from_bytes(secret, "big"))]


@pytest.mark.parametrize("show", [repr, str, "{}".format])
def test_s20_no_key_shows_in_the_text_of_an_object(keyring: Keyring, dek_key: bytes, show: object) -> None:
    assert callable(show)
    cipher = FieldCipher(keyring)
    dek, _ = cipher.new_dek(UUID(int=1), key=dek_key)
    shown = "\n".join(
        show(each)
        for each in (
            keyring,
            cipher,
            dek,
            BlindIndexes(keyring),
            SuppressionHashes(keyring),
            MacKey(keyring),
            CursorKey(keyring),
            Es256Signer(keyring, Purpose.JWT),
        )
    )

    for secret in (dek_key, *(keyring.root(purpose, 1) for purpose in Purpose)):
        for spelling in _spellings(secret):
            assert spelling not in shown


def test_a_keyring_shows_which_keys_it_has(keyring: Keyring) -> None:
    assert "field=[1, 2]" in repr(keyring.with_new(Purpose.FIELD))
    assert repr(Dek(bytes(32), bytes(16), 3)) == "<Dek version=3>"


def test_s20_a_refused_blob_does_not_show_in_the_traceback(dek: Dek, row: UUID, blob: bytes) -> None:
    with pytest.raises(IntegrityError) as caught:
        dek.open("customer_phones", "raw", row, blob)

    text = "".join(traceback.format_exception(caught.value))
    assert not any(spelling in text for spelling in _spellings(blob))


def test_start_up_errors_name_the_key() -> None:
    assert str(KeyMissing(Purpose.FIELD, 3)) == "key purpose=field kid=3 missing"
    assert str(KeyMismatch(Purpose.BIDX, 1)) == "key purpose=bidx kid=1 mismatch"
    assert issubclass(KeyMissing, KeyringError)
    assert issubclass(KeyMismatch, KeyringError)


@pytest.mark.parametrize(
    ("error", "family", "code"),
    [(IntegrityError, Corrupt, "integrity_error"), (KeyUnavailable, Unavailable, "key_unavailable")],
)
def test_run_time_errors_belong_to_a_family_and_speak_chinese(
    error: type[HubError], family: type[HubError], code: str
) -> None:
    assert family_of(error) is family
    assert REGISTRY[code] is error
    assert error.text("zh").detail.isascii() is False
    assert error.text("en").detail
