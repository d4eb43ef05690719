"""Details of an entry open under its customer's key, and no other (S-70)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from custhub.crypto.cipher import FieldCipher
from custhub.crypto.errors import IntegrityError
from custhub.crypto.keyring import Keyring
from custhub.features.audit.models import AuditEntry
from custhub.features.audit.service import open_details
from custhub.kit.ids import new_id

_AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_SOMEBODY = UUID(int=7)


def make_entry(fields: list[str]) -> AuditEntry:
    return AuditEntry(
        id=new_id(), at=_AT, actor_kind="user", actor_id=UUID(int=9), client_id="app", request_id="r",
        action="customer.updated", object_type="customer", object_id=_SOMEBODY, customer_id=_SOMEBODY, fields=fields,
        reason=None, outcome="done", details=None, mac_kid=1, mac=bytes(32),
    )  # fmt: skip


def test_details_open_under_the_customers_key_only() -> None:
    cipher = FieldCipher(Keyring.generate())
    dek, _ = cipher.new_dek(_SOMEBODY)
    entry = make_entry(["note"])
    sealed = entry._replace(details=dek.seal("audit_entries", "details", entry.id, b'{"note":["a","b"]}'))
    assert open_details(dek, sealed) == {"note": ["a", "b"]}
    assert open_details(dek, entry) is None
    other, _ = cipher.new_dek(_SOMEBODY)
    with pytest.raises(IntegrityError):
        open_details(other, sealed)
