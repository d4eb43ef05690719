"""S-08: every known answer, byte for byte. A change here makes stored data unreadable."""

from __future__ import annotations

from uuid import UUID

import pytest

from custhub.crypto.cipher import FieldCipher, kdf, lv, u32
from custhub.crypto.keyring import Keyring, Purpose
from custhub.crypto.lookup import BlindIndexes, SuppressionHashes

NUMBER = "+8613812345678"
WRAPPED = bytes.fromhex(
    "0100000001000000000000000000000000a5f572da578ce9b55334ffe648b12b4e"
    "a6f69e96fe52be7d09d19e8d0310ccd0a10d8f3db255c80276794ee1df51bd97"
)
FIELD = bytes.fromhex(
    "01010000000101010101010101010101010198ddbcfb913848b86a43e4b6ec19a5"
    "d4411d2d04b1a77b714b26c7bade553d531436200855b430079609517e4aaceb82"
)


def test_s08_key_encryption_key(keyring: Keyring) -> None:
    kek = kdf(keyring.root(Purpose.FIELD, 1), lv("kek"))

    assert kek.hex() == "a27481b17b22145ce24894c926fcffd047c0bc206fec3d641cf85bc5f65c45f8"


def test_s08_wrapped_key(cipher: FieldCipher, customer: UUID, dek_key: bytes) -> None:
    _, wrapped = cipher.new_dek(customer, key=dek_key, nonce=bytes(12))

    assert wrapped == WRAPPED


def test_s08_field_blob(cipher: FieldCipher, customer: UUID, row: UUID) -> None:
    dek = cipher.unwrap(customer, 1, WRAPPED)

    assert dek.seal("customer_phones", "e164", row, NUMBER.encode(), nonce=b"\x01" * 12) == FIELD
    assert dek.open("customer_phones", "e164", row, FIELD) == NUMBER.encode()


def test_s08_exact_index(keyring: Keyring) -> None:
    assert BlindIndexes(keyring).exact(NUMBER).hex() == "85381b131ef3b5f16599084bab0cd97e"


@pytest.mark.parametrize("digits", ["5678", "13812345678"])
def test_s08_last4_bucket(keyring: Keyring, digits: str) -> None:
    assert BlindIndexes(keyring).last4(digits) == 3991


def test_s08_suppression_hash(keyring: Keyring) -> None:
    hashes = {kid: value.hex() for kid, value in SuppressionHashes(keyring).of(NUMBER).items()}

    assert hashes == {1: "faee14ad48b626d40e5e65c2f49e750d034da21a2b9a0b21c3c431af9fdb9af8"}


def test_s08_key_check_value(keyring: Keyring) -> None:
    assert keyring.kcv(Purpose.FIELD, 1).hex() == "da78785e4d178944"


def test_s03_lv_frames_each_part_by_its_length(customer: UUID) -> None:
    framed = lv("CHK1", customer, u32(7), b"\x01", "")

    assert framed == (b"\0\0\0\x04CHK1\0\0\0\x10" + customer.bytes + b"\0\0\0\x04\0\0\0\x07\0\0\0\x01\x01\0\0\0\0")


def test_s03_lv_measures_utf8_bytes() -> None:
    assert lv("手机") == b"\0\0\0\x06" + "手机".encode()


def test_s03_lv_tells_moved_borders_apart() -> None:
    assert lv("ab", "c") != lv("a", "bc")
