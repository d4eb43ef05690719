"""S-42, S-70, S-72 and CONTRACT C2, D3: signatures and authentication codes."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from jose import jwk

from custhub.crypto.errors import KeyMissing
from custhub.crypto.keyring import ES256_PURPOSES, Keyring, Purpose
from custhub.crypto.signing import CursorKey, Es256Signer, MacKey

DATA = b'{"action":"phone.revealed"}'
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_s70_mac_is_hmac_sha256_under_the_root(keyring: Keyring) -> None:
    assert MacKey(keyring).mac(DATA) == hmac.new(keyring.root(Purpose.AUDIT_MAC, 1), DATA, hashlib.sha256).digest()


def test_s70_entries_of_an_older_key_can_still_be_checked(keyring: Keyring) -> None:
    rotated = keyring.with_new(Purpose.AUDIT_MAC)

    assert MacKey(rotated).kid == 2
    assert MacKey(rotated, 1).mac(DATA) == MacKey(keyring).mac(DATA) != MacKey(rotated).mac(DATA)
    with pytest.raises(KeyMissing):
        MacKey(rotated, 3)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200), purpose=st.sampled_from(sorted(ES256_PURPOSES)))
def test_s72_a_signature_is_64_bytes_and_verifies(keyring: Keyring, data: bytes, purpose: Purpose) -> None:
    signer = Es256Signer(keyring, purpose)
    signature = signer.sign(data)

    assert len(signature) == 64
    assert signer.verify(data, signature)
    assert not signer.verify(data + b"!", signature)


def test_s72_a_changed_signature_does_not_verify(keyring: Keyring) -> None:
    signer = Es256Signer(keyring, Purpose.AUDIT)
    signature = signer.sign(DATA)

    for at in range(64):
        assert not signer.verify(DATA, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :])


@pytest.mark.parametrize(
    "signature",
    [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64, b"\0" * 31 + b"\x01" + P256_ORDER.to_bytes(32, "big")],
)
def test_s72_malformed_signatures_do_not_verify(keyring: Keyring, signature: bytes) -> None:
    assert not Es256Signer(keyring, Purpose.AUDIT).verify(DATA, signature)


def test_s04_purposes_and_keys_do_not_verify_each_other(keyring: Keyring) -> None:
    rotated = keyring.with_new(Purpose.JWT)
    signature = Es256Signer(rotated, Purpose.JWT).sign(DATA)

    assert Es256Signer(rotated, Purpose.JWT, 2).verify(DATA, signature)
    assert not Es256Signer(rotated, Purpose.JWT, 1).verify(DATA, signature)
    assert not Es256Signer(rotated, Purpose.AUDIT).verify(DATA, signature)


def test_only_es256_purposes_have_a_signer(keyring: Keyring) -> None:
    with pytest.raises(ValueError, match="ES256"):
        Es256Signer(keyring, Purpose.CURSOR)
    with pytest.raises(KeyMissing):
        Es256Signer(keyring, Purpose.JWT, 9)


def test_s42_public_jwk_verifies_in_another_library_and_holds_no_secret(keyring: Keyring) -> None:
    signer = Es256Signer(keyring, Purpose.JWT)
    exported = signer.public_jwk()

    assert sorted(exported) == ["alg", "crv", "kid", "kty", "use", "x", "y"]
    assert (exported["kty"], exported["crv"], exported["alg"], exported["use"]) == ("EC", "P-256", "ES256", "sig")
    assert exported["kid"] == "jwt-1"
    assert jwk.construct(exported, "ES256").verify(DATA, signer.sign(DATA))


def test_s42_jwk_coordinates_keep_their_leading_zeros() -> None:
    numbers = ((scalar, ec.derive_private_key(scalar, ec.SECP256R1()).public_key()) for scalar in range(1, 5000))
    scalar = next(scalar for scalar, public in numbers if public.public_numbers().x < 1 << 248)
    exported = Es256Signer(Keyring({Purpose.JWT: {1: scalar.to_bytes(32, "big")}}), Purpose.JWT).public_jwk()

    assert base64.urlsafe_b64decode(exported["x"] + "=")[:1] == b"\0"
    assert len(exported["x"]) == len(exported["y"]) == 43


def test_c2_a_cursor_mac_is_16_bytes_and_depends_on_every_byte(keyring: Keyring) -> None:
    key = CursorKey(keyring)

    assert len(key.sign(DATA)) == 16
    assert key.sign(DATA) == CursorKey(keyring).sign(DATA)
    assert len({key.sign(DATA[:at]) for at in range(len(DATA))}) == len(DATA)


def test_d3_fingerprints_have_a_key_of_their_own(keyring: Keyring) -> None:
    key = CursorKey(keyring)

    assert len(key.fingerprint(DATA)) == 32
    assert key.fingerprint(DATA)[:16] != key.sign(DATA)
    assert key.fingerprint(DATA) != hmac.digest(keyring.root(Purpose.CURSOR, 1), DATA, "sha256")


def test_cursors_are_signed_under_the_newest_key(keyring: Keyring) -> None:
    assert CursorKey(keyring.with_new(Purpose.CURSOR)).sign(DATA) != CursorKey(keyring).sign(DATA)
    with pytest.raises(KeyMissing):
        CursorKey(keyring.without(Purpose.CURSOR, 1))
