"""The keys and ids of the known answers in S-08."""

from __future__ import annotations

from uuid import UUID

import pytest

from custhub.crypto.cipher import Dek, FieldCipher
from custhub.crypto.keyring import Keyring, Purpose


def _run(first: int) -> bytes:
    return bytes(range(first, first + 32))


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    return Keyring(
        {
            Purpose.FIELD: {1: _run(0x00)},
            Purpose.BIDX: {1: _run(0x20)},
            Purpose.SUPPRESS: {1: _run(0x60)},
            Purpose.JWT: {1: _run(0x80)},
            Purpose.CURSOR: {1: _run(0xA0)},
            Purpose.AUDIT: {1: _run(0x81)},
            Purpose.AUDIT_MAC: {1: _run(0xC0)},
        }
    )


@pytest.fixture(scope="session")
def dek_key() -> bytes:
    return _run(0x40)


@pytest.fixture(scope="session")
def customer() -> UUID:
    return UUID("00000000-0000-4000-8000-0000000000c1")


@pytest.fixture(scope="session")
def row() -> UUID:
    return UUID("00000000-0000-4000-8000-0000000000a1")


@pytest.fixture(scope="session")
def cipher(keyring: Keyring) -> FieldCipher:
    return FieldCipher(keyring)


@pytest.fixture(scope="session")
def dek(cipher: FieldCipher, customer: UUID) -> Dek:
    return cipher.new_dek(customer)[0]


@pytest.fixture(scope="session")
def blob(dek: Dek, row: UUID) -> bytes:
    return dek.seal("customer_phones", "e164", row, b"+8613812345678")
