"""Sealing of what waits for proof, under its customer's key; hashes of codes."""

from __future__ import annotations

import hmac
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.selfservice.models import ChangeRow

_TABLE, _COLUMN = "self_service_changes", "value"


def seal_value(dek: Dek, change_id: UUID, value: str) -> Sealed:
    """A number in E.164, or an address, bound to its row."""
    return Sealed(dek.seal(_TABLE, _COLUMN, change_id, value.encode()))


def open_value(dek: Dek, row: ChangeRow) -> str:
    """The number or address. Raises IntegrityError, also where it waits no more."""
    if row.value is None:
        raise IntegrityError
    return dek.open(_TABLE, _COLUMN, row.id, row.value.blob).decode()


def code_hash(keys: LiveKeys, change_id: UUID, code: str) -> bytes:
    """Under what a code is kept: who reads the table finds none by trying."""
    return keys.cursors.fingerprint(b"self_service_code" + change_id.bytes + code.encode())


def is_code(keys: LiveKeys, row: ChangeRow, code: str) -> bool:
    """Whether this is the code, in constant time (S-110)."""
    return hmac.compare_digest(code_hash(keys, row.id, code), bytes(row.code_hash))
