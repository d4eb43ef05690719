"""What the hub keeps of a customer's numbers: sealed rows, and the claims that make them its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.phones.models import PhoneRow, customer_phones, phone_claims
from custhub.features.phones.queries import data_key_of, numbers_of
from custhub.features.phones.vault import open_number, open_raw
from custhub.kit.customer_link import Moved
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TABLE: Final = "customer_phones"
_TOLD: Final = (
    "label", "kind", "country", "is_primary", "shared", "status", "verified_at", "checked_at", "expires_at",
    "created_at",
)  # fmt: skip


class CustomerNumbers:
    """The only road by which a number comes to another customer: sealed anew under its key."""

    tables = frozenset({customer_phones.name, phone_claims.name})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """The numbers in full and as they were written; null where they do not open."""
        dek = await self._dek(reader, customer_id)
        return {"phones": [_exported(dek, row) for row in await numbers_of(reader, customer_id)]}

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """The numbers and claims of `source` join those of `target`, whose primary number stays.

        Raises IntegrityError when one of them does not open, or a key is gone.
        """
        rows, held = await numbers_of(uow, source), await numbers_of(uow, target)
        if not rows:
            return {_TABLE: []}
        old, new = await self._dek(uow, source), await self._dek(uow, target)
        if old is None or new is None:
            raise IntegrityError
        for row in rows:
            values = {
                "customer_id": target,
                "is_primary": row.is_primary and not held,
                "e164": _resealed(old, new, "e164", row, row.e164),
                "raw": _resealed(old, new, "raw", row, row.raw),
                "updated_at": uow.now,
                "revision": row.revision + 1,
            }
            uow.update(customer_phones, {"id": row.id}, values)
        # A claim changes hands in place: deleted and inserted in one statement, it would be refused.
        uow.update(phone_claims, {"customer_id": source}, {"customer_id": target})
        return {_TABLE: [row.id.hex for row in rows]}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Numbers, indexes and claims go; others may have the numbers then."""
        uow.delete(phone_claims, {"customer_id": customer_id})
        uow.delete(customer_phones, {"customer_id": customer_id})

    async def _dek(self, reader: Reader, customer_id: UUID) -> Dek | None:
        key = await data_key_of(reader, customer_id)
        return None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)


def _exported(dek: Dek | None, row: PhoneRow) -> dict[str, Any]:
    number = written = None
    try:
        if dek is not None:
            number, written = open_number(dek, row), open_raw(dek, row)
    except IntegrityError:
        number = None
    told = {name: getattr(row, name) for name in _TOLD}
    return {"id": to_text(Prefix.PHONE, row.id), "number": number, "written": written, **told}


def _resealed(old: Dek, new: Dek, column: str, row: PhoneRow, value: Sealed) -> Sealed:
    return Sealed(new.seal(_TABLE, column, row.id, old.open(_TABLE, column, row.id, value.blob)))
