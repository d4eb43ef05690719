"""S-02, S-05, S-06, S-07: sealed fields and wrapped keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.crypto.cipher import SYSTEM, Dek, FieldCipher, lv, u32
from custhub.crypto.errors import IntegrityError, KeyMissing, KeyUnavailable
from custhub.crypto.keyring import Keyring, Purpose

TABLE, COLUMN = "customer_phones", "e164"
NUMBER = b"+8613812345678"


def _flips(blob: bytes) -> list[bytes]:
    return [blob[:at] + bytes([blob[at] ^ bit]) + blob[at + 1 :] for at in range(len(blob)) for bit in (0x01, 0x80)]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    plaintext=st.binary(max_size=300),
    place=st.tuples(st.text(max_size=12), st.text(max_size=12)),
    row_id=st.uuids(),
    customer_id=st.uuids(),
    version=st.integers(1, 2**32 - 1),
)
def test_s07_what_was_sealed_opens_at_its_place(
    cipher: FieldCipher, plaintext: bytes, place: tuple[str, str], row_id: UUID, customer_id: UUID, version: int
) -> None:
    dek, wrapped = cipher.new_dek(customer_id, version)
    sealed = dek.seal(*place, row_id, plaintext)

    assert dek.open(*place, row_id, sealed) == plaintext
    assert cipher.unwrap(customer_id, version, wrapped).open(*place, row_id, sealed) == plaintext
    assert len(sealed) == 34 + 32 * (len(plaintext) // 32 + 1)


@pytest.mark.parametrize("number", [b"+1", b"+85223456789", NUMBER, b"+4915112345678901", b"+" + b"9" * 30])
def test_s07_any_phone_gives_66_bytes(dek: Dek, row: UUID, number: bytes) -> None:
    assert len(dek.seal(TABLE, COLUMN, row, number)) == 66


def test_s07_plaintext_that_looks_like_padding_survives(dek: Dek, row: UUID) -> None:
    for plaintext in (b"\x80", b"\x80\0\0", b"\0" * 32, b"\x80" * 32, b""):
        assert dek.open(TABLE, COLUMN, row, dek.seal(TABLE, COLUMN, row, plaintext)) == plaintext


def test_s02_equal_plaintexts_give_different_blobs(dek: Dek, row: UUID) -> None:
    assert len({dek.seal(TABLE, COLUMN, row, NUMBER) for _ in range(100)}) == 100


def test_s07_a_change_of_any_byte_is_refused(dek: Dek, row: UUID, blob: bytes) -> None:
    for tampered in _flips(blob):
        with pytest.raises(IntegrityError):
            dek.open(TABLE, COLUMN, row, tampered)


@pytest.mark.parametrize("length", [0, 1, 17, 34, 65])
def test_s07_a_cut_blob_is_refused(dek: Dek, row: UUID, blob: bytes, length: int) -> None:
    with pytest.raises(IntegrityError):
        dek.open(TABLE, COLUMN, row, blob[:length])


@pytest.mark.parametrize("tail", [b"\0", b"\0" * 32])
def test_s07_a_longer_blob_is_refused(dek: Dek, row: UUID, blob: bytes, tail: bytes) -> None:
    with pytest.raises(IntegrityError):
        dek.open(TABLE, COLUMN, row, blob + tail)


def test_s07_a_blob_does_not_open_elsewhere(dek: Dek, row: UUID, blob: bytes) -> None:
    for table, column, row_id in (
        (TABLE, COLUMN, uuid4()),
        (TABLE, "raw", row),
        ("webhooks", COLUMN, row),
        (TABLE + "e", COLUMN[1:], row),
    ):
        with pytest.raises(IntegrityError):
            dek.open(table, column, row_id, blob)


def test_s07_a_blob_does_not_open_for_another_customer_with_the_same_key(
    cipher: FieldCipher, customer: UUID, row: UUID, dek_key: bytes
) -> None:
    sealed = cipher.new_dek(customer, key=dek_key)[0].seal(TABLE, COLUMN, row, NUMBER)

    with pytest.raises(IntegrityError):
        cipher.new_dek(SYSTEM, key=dek_key)[0].open(TABLE, COLUMN, row, sealed)


def test_s07_a_blob_does_not_open_under_another_version_of_the_same_key(
    cipher: FieldCipher, customer: UUID, row: UUID, dek_key: bytes
) -> None:
    second = cipher.new_dek(customer, 2, key=dek_key)[0]
    sealed = cipher.new_dek(customer, 1, key=dek_key)[0].seal(TABLE, COLUMN, row, NUMBER)

    for claimed in (sealed, sealed[:2] + u32(2) + sealed[6:]):
        with pytest.raises(IntegrityError):
            second.open(TABLE, COLUMN, row, claimed)


@pytest.mark.parametrize("padded", [b"\0" * 32, b"a" * 32, b"\x80" + b"\0" * 63])
def test_s07_malformed_padding_is_refused(customer: UUID, row: UUID, dek_key: bytes, padded: bytes) -> None:
    aad = lv("CHF1", TABLE, COLUMN, row, customer, u32(1), b"\x01")
    forged = b"\x01\x01" + u32(1) + bytes(12) + AESGCM(dek_key).encrypt(bytes(12), padded, aad)

    with pytest.raises(IntegrityError):
        Dek(dek_key, customer.bytes, 1).open(TABLE, COLUMN, row, forged)


def test_s05_each_customer_gets_a_key_of_its_own(cipher: FieldCipher, row: UUID) -> None:
    first, _ = cipher.new_dek(uuid4())
    second, _ = cipher.new_dek(uuid4())

    with pytest.raises(IntegrityError):
        second.open(TABLE, COLUMN, row, first.seal(TABLE, COLUMN, row, NUMBER))


def test_s05_the_system_key_has_the_nil_customer(cipher: FieldCipher, row: UUID) -> None:
    dek, wrapped = cipher.new_dek(SYSTEM)

    assert UUID("00000000-0000-0000-0000-000000000000") == SYSTEM
    assert cipher.unwrap(SYSTEM, 1, wrapped).open("webhooks", "secret", row, dek.seal("webhooks", "secret", row, b"s"))


def test_s06_a_wrapped_key_is_65_bytes_and_names_the_newest_kid(keyring: Keyring, customer: UUID) -> None:
    cipher = FieldCipher(keyring.with_new(Purpose.FIELD))
    _, wrapped = cipher.new_dek(customer)

    assert len(wrapped) == 65
    assert cipher.kid_of(wrapped) == 2


def test_s06_a_change_of_any_byte_of_a_wrapped_key_is_refused(cipher: FieldCipher, customer: UUID) -> None:
    _, wrapped = cipher.new_dek(customer)

    for at, tampered in enumerate(_flips(wrapped)):
        names_an_unknown_kid = 1 <= at // 2 <= 4
        with pytest.raises(KeyUnavailable if names_an_unknown_kid else IntegrityError):
            cipher.unwrap(customer, 1, tampered)


@pytest.mark.parametrize("wrapped", [b"", b"\x01", bytes(65), b"\x01" + bytes(65)])
def test_s06_what_is_no_wrapped_key_has_no_kid(cipher: FieldCipher, customer: UUID, wrapped: bytes) -> None:
    with pytest.raises(IntegrityError):
        cipher.kid_of(wrapped)
    with pytest.raises(IntegrityError):
        cipher.unwrap(customer, 1, wrapped)


@pytest.mark.parametrize("version", [-1, 0, 2, 2**32])
def test_s06_a_wrapped_key_of_another_version_is_refused_even_when_cached(
    cipher: FieldCipher, customer: UUID, version: int
) -> None:
    _, wrapped = cipher.new_dek(customer)
    cipher.unwrap(customer, 1, wrapped)

    with pytest.raises(IntegrityError):
        cipher.unwrap(customer, version, wrapped)


def test_s06_a_wrapped_key_of_another_customer_is_refused_even_when_cached(cipher: FieldCipher, customer: UUID) -> None:
    _, wrapped = cipher.new_dek(customer)
    cipher.unwrap(customer, 1, wrapped)

    with pytest.raises(IntegrityError):
        cipher.unwrap(uuid4(), 1, wrapped)


def test_s06_a_wrapped_key_under_another_live_kid_is_refused(keyring: Keyring, customer: UUID) -> None:
    cipher = FieldCipher(keyring.with_new(Purpose.FIELD))
    _, wrapped = cipher.new_dek(customer)

    with pytest.raises(IntegrityError):
        cipher.unwrap(customer, 1, wrapped[:1] + u32(1) + wrapped[5:])


def test_s17_a_rewrapped_key_opens_what_was_sealed_before(keyring: Keyring, customer: UUID, row: UUID) -> None:
    cipher = FieldCipher(keyring)
    dek, old = cipher.new_dek(customer)
    sealed = dek.seal(TABLE, COLUMN, row, NUMBER)
    rotated = keyring.with_new(Purpose.FIELD)
    cipher.reload(rotated)
    new = cipher.rewrap(customer, 1, old, 2)
    cipher.reload(rotated.without(Purpose.FIELD, 1))

    assert cipher.kid_of(new) == 2
    assert cipher.unwrap(customer, 1, new).open(TABLE, COLUMN, row, sealed) == NUMBER


def test_s17_rewrap_refuses_a_damaged_key_and_an_unknown_kid(cipher: FieldCipher, customer: UUID) -> None:
    _, wrapped = cipher.new_dek(customer)

    with pytest.raises(IntegrityError):
        cipher.rewrap(customer, 1, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), 1)
    with pytest.raises(KeyUnavailable):
        cipher.rewrap(customer, 1, wrapped, 2)


def test_reload_forgets_keys_opened_under_a_retired_kid(keyring: Keyring, customer: UUID) -> None:
    cipher = FieldCipher(keyring)
    _, wrapped = cipher.new_dek(customer)
    cipher.unwrap(customer, 1, wrapped)
    cipher.reload(keyring.with_new(Purpose.FIELD).without(Purpose.FIELD, 1))

    with pytest.raises(KeyUnavailable):
        cipher.unwrap(customer, 1, wrapped)


def test_reload_without_a_field_key_is_refused_and_keeps_the_old_keyring(keyring: Keyring, customer: UUID) -> None:
    cipher = FieldCipher(keyring)
    _, wrapped = cipher.new_dek(customer)

    with pytest.raises(KeyMissing):
        cipher.reload(keyring.without(Purpose.FIELD, 1))
    assert cipher.unwrap(customer, 1, wrapped).version == 1


def test_unwrap_keeps_a_bounded_number_of_keys(keyring: Keyring) -> None:
    cipher = FieldCipher(keyring, cache_size=2)
    customers = [uuid4() for _ in range(3)]
    wrapped = [cipher.new_dek(customer)[1] for customer in customers]
    opened = [cipher.unwrap(customer, 1, each) for customer, each in zip(customers, wrapped, strict=True)]

    assert cipher.unwrap(customers[2], 1, wrapped[2]) is opened[2]
    assert cipher.unwrap(customers[1], 1, wrapped[1]) is opened[1]
    assert cipher.unwrap(customers[0], 1, wrapped[0]) is not opened[0]


def test_one_key_serves_several_threads(cipher: FieldCipher, dek: Dek) -> None:
    def work(worker: int) -> bool:
        row_id, customer_id = UUID(int=worker), UUID(int=worker % 2)
        for number in range(200):
            plaintext = b"%d-%d" % (worker, number)
            if dek.open(TABLE, COLUMN, row_id, dek.seal(TABLE, COLUMN, row_id, plaintext)) != plaintext:
                return False
            own, wrapped = cipher.new_dek(customer_id)
            sealed = own.seal(TABLE, COLUMN, row_id, plaintext)
            if cipher.unwrap(customer_id, 1, wrapped).open(TABLE, COLUMN, row_id, sealed) != plaintext:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_s20_seal_takes_no_text(dek: Dek, row: UUID) -> None:
    with pytest.raises(TypeError) as caught:
        dek.seal(TABLE, COLUMN, row, "+8613812345678")  # type: ignore[arg-type]  # text is what is refused
    assert "138" not in str(caught.value)
