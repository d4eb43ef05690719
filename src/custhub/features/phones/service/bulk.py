"""Numbers of many customers at once, set-based: claimed first, to learn which are taken, stored afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from custhub.features.phones.models import ClaimRow, PhoneRow, customer_phones, phone_claims
from custhub.features.phones.repository import DROP_NUMBERS
from custhub.kit.contested import ContestedInsert
from custhub.kit.uow import UnitOfWork

__all__ = ["DROP_NUMBERS", "NUMBERS", "PHONE_CLAIMS", "ClaimRow", "claim_numbers", "release_numbers", "store_numbers"]

#: Where the rows of numbers go, for whoever stores them in another way.
NUMBERS = str(customer_phones.name)
#: Where their claims go.
PHONE_CLAIMS = str(phone_claims.name)
_CLAIM = ContestedInsert(phone_claims, ("kid", "exact_index"))


async def claim_numbers(uow: UnitOfWork, claims: Iterable[ClaimRow]) -> set[tuple[int, bytes]]:
    """Claim what is free, in the explicit transaction of this unit of work; (kid, index) of what was free."""
    return {(kid, bytes(index)) for kid, index in await _CLAIM.store(uow, list(claims))}


def release_numbers(uow: UnitOfWork, claims: Iterable[ClaimRow]) -> None:
    """Give claims of this unit of work back."""
    for claim in claims:
        uow.delete(phone_claims, {"kid": claim.kid, "exact_index": claim.exact_index})


def store_numbers(uow: UnitOfWork, rows: Sequence[PhoneRow]) -> None:
    """Store numbers whose claims are settled."""
    uow.writes.insert_all(customer_phones, [row._asdict() for row in rows])


def hold_back(uow: UnitOfWork, row: PhoneRow, suppression_id: UUID | None) -> None:
    """Say which entry of the suppression list forbids to contact this number, if any."""
    values = {"suppressed_by": suppression_id, "updated_at": uow.now, "revision": row.revision + 1}
    uow.update(customer_phones, {"id": row.id}, values)


def hold_back_new(uow: UnitOfWork, row_id: UUID, entry: UUID) -> None:
    """The same of a number that was just stored, as its first revision."""
    uow.update(customer_phones, {"id": row_id}, {"suppressed_by": entry})
