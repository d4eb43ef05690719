"""What the hub keeps of a customer's numbers: sealed rows, and the claims that make them its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.data_keys import data_keys
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.phones.models import ClaimRow, PhoneRow, customer_phones, phone_claims
from custhub.features.phones.queries import (
    claims_among,
    claims_of,
    data_key_of,
    numbers_among,
    numbers_of,
    primary_number_of,
)
from custhub.features.phones.rules import PhoneStatus, equivalence_key, holds_claim
from custhub.features.phones.service import claim_numbers, release_numbers
from custhub.features.phones.vault import open_number, open_raw
from custhub.kit.customer_link import Joined, Kept, Moved, WhyKept, parted, remembered, revision_back
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

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """The numbers and claims of `sources` join those of `target`, whose primary number stays.

        Raises IntegrityError when one of them does not open, or a key is gone.
        """
        owned = await numbers_among(uow, sources)
        if not owned:
            return {}
        held = await primary_number_of(uow, target)
        claimed = {claim.phone_id for claim in await claims_among(uow, owned)}
        deks = await data_keys(uow, self._keys.cipher, [target, *owned])
        joined: dict[UUID, Moved] = {}
        changes: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
        for source in (one for one in sources if one in owned):
            rows = owned[source]
            before = remembered(rows, held)
            for row in rows:
                before[row.id.hex]["claimed"] = row.id in claimed
                values = {"is_primary": row.is_primary and not held, "revision": row.revision + 1}
                changes.append(({"id": row.id}, _moved(uow, row, (deks[source], deks[target]), target, values)))
            held = held or [row for row in rows if row.is_primary]
            joined[source] = {_TABLE: before}
        uow.writes.update_all(customer_phones, changes)
        # A claim changes hands in place: deleted and inserted in one statement, it would be refused.
        uow.writes.update_all(phone_claims, [({"customer_id": one}, {"customer_id": target}) for one in sources])
        return joined

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """The numbers that are still kept, with their claims.

        One that somebody else has claimed meanwhile comes back as `changed` (S-13).
        """
        standing = {row.id: row for row in await numbers_of(uow, target)}
        claimed = {claim.phone_id for claim in await claims_of(uow, target)}
        moving = [
            own for own, moved in joined.items() if any(UUID(hex=key) in standing for key in moved.get(_TABLE, ()))
        ]
        deks = await data_keys(uow, self._keys.cipher, [target, *moving]) if moving else {}
        kept: dict[UUID, Sequence[Kept]] = {}
        changes: dict[UUID, dict[str, Any]] = {}
        claims: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
        for source in reversed(list(joined)):
            before = joined[source].get(_TABLE, {})
            if not before:
                continue
            sides = parted(_TABLE, standing.values(), before)
            kept[source] = sides.kept
            if not sides.back:
                continue
            lost = [row for row in sides.back if row.id not in claimed and before[row.id.hex]["claimed"]]
            taken = await self._claim_again(uow, deks[target], [row for row in lost if _holds(row)], source)
            for row in sides.back:
                revision = revision_back(row, before[row.id.hex])
                values: dict[str, Any] = {"is_primary": row.id == sides.first_back, "revision": revision}
                if row.id in taken:
                    values["status"] = PhoneStatus.CHANGED.value
                changes[row.id] = _moved(uow, row, (deks[target], deks[source]), source, values)
                del standing[row.id]
            claims += [({"phone_id": row.id}, {"customer_id": source}) for row in sides.back if row.id in claimed]
            for row in sides.stay:
                if row.is_primary != (row.id == sides.first_stay):
                    values = {"is_primary": not row.is_primary, "updated_at": uow.now, "revision": row.revision + 1}
                    standing[row.id], changes[row.id] = row._replace(**values), values
            kept[source] = [*sides.kept, *(Kept(_TABLE, phone_id.hex, WhyKept.TAKEN) for phone_id in sorted(taken))]
        uow.writes.update_all(customer_phones, [({"id": row_id}, values) for row_id, values in changes.items()])
        uow.writes.update_all(phone_claims, claims)
        return kept

    async def _claim_again(
        self, uow: UnitOfWork, dek: Dek, rows: Iterable[PhoneRow], customer_id: UUID
    ) -> frozenset[UUID]:
        """Claim numbers whose claims were given up since; those that somebody else has."""
        claims = [claim for row in rows for claim in self._claims(row, dek, customer_id)]
        free = await claim_numbers(uow, claims)
        taken = {claim.phone_id for claim in claims if (claim.kid, bytes(claim.exact_index)) not in free}
        release_numbers(
            uow, [c for c in claims if c.phone_id in taken and (c.kid, bytes(c.exact_index)) in free]
        )  # fmt: skip
        return frozenset(taken)

    def _claims(self, row: PhoneRow, dek: Dek, customer_id: UUID) -> Iterable[ClaimRow]:
        for kid in self._keys.claim_kids:
            exact = row.exact_index
            if kid != row.index_kid:
                exact = self._keys.indexes.exact(equivalence_key(open_number(dek, row)), kid)
            yield ClaimRow(kid, exact, row.id, customer_id)

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


def _holds(row: PhoneRow) -> bool:
    return holds_claim(PhoneStatus(row.status), row.shared)


def _moved(
    uow: UnitOfWork, row: PhoneRow, deks: tuple[Dek, Dek], customer_id: UUID, values: Mapping[str, Any]
) -> dict[str, Any]:
    sealed = {name: _resealed(deks, name, row, getattr(row, name)) for name in ("e164", "raw")}
    return {"customer_id": customer_id, "updated_at": uow.now, **sealed, **values}


def _resealed(deks: tuple[Dek, Dek], column: str, row: PhoneRow, value: Sealed) -> Sealed:
    old, new = deks
    return Sealed(new.seal(_TABLE, column, row.id, old.open(_TABLE, column, row.id, value.blob)))
