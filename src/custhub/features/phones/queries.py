"""Read statements over uses of numbers; the row class of a number, for those who show or change one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, case, func, select, true

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.phones.models import ClaimRow, PhoneRow, customer_phones, phone_claims, phone_uses
from custhub.kit.query import Query, Reader, any_of

__all__ = [
    "DAY",
    "MINUTE",
    "PhoneRow",
    "Uses",
    "claims_among",
    "claims_of",
    "data_key_of",
    "numbers_among",
    "numbers_of",
    "primary_number_of",
    "uses_of",
]

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


class Uses(NamedTuple):
    """Uses of the last minute and day, and how many different numbers of one last-4 bucket were asked today."""

    minute: int
    day: int
    oldest_of_minute: datetime | None
    oldest_of_day: datetime | None
    same_last4: int


_u = phone_uses.c
_RECENT = _u.at > bindparam("minute", type_=_u.at.type)
_USES = Query(
    select(
        func.count(case((_RECENT, 1))),
        func.count(),
        func.min(case((_RECENT, _u.at)), type_=_u.at.type),
        func.min(_u.at, type_=_u.at.type),
        func.count(
            case(
                (and_(_u.last4_index == bindparam("bucket"), _u.exact_index != bindparam("index")), _u.exact_index)
            ).distinct()
        ),
    ).where(
        _u.principal_id == bindparam("principal_id"),
        _u.kind == bindparam("kind"),
        _u.at > bindparam("day", type_=_u.at.type),
    ),
    Uses._make,
)

_NUMBERS = Query(
    select(customer_phones)
    .where(customer_phones.c.customer_id == bindparam("customer_id"))
    .order_by(customer_phones.c.id),
    PhoneRow._make,
    everyone="merges, exports and erasure act on a customer wholly; their routes check rights and reach",
)
_PRIMARY = Query(
    select(customer_phones).where(
        customer_phones.c.customer_id == bindparam("customer_id"), customer_phones.c.is_primary == true()
    ),
    PhoneRow._make,
    everyone="merges, exports and erasure act on a customer wholly; their routes check rights and reach",
)
_CLAIMS = Query(select(phone_claims).where(phone_claims.c.customer_id == bindparam("customer_id")), ClaimRow._make)
_NUMBERS_AMONG = Query(
    select(customer_phones)
    .where(any_of(customer_phones.c.customer_id, "ids"))
    .order_by(customer_phones.c.customer_id, customer_phones.c.id),
    PhoneRow._make,
    everyone="merges, exports and erasure act on a customer wholly; their routes check rights and reach",
)
_CLAIMS_AMONG = Query(select(phone_claims).where(any_of(phone_claims.c.customer_id, "ids")), ClaimRow._make)
_DATA_KEY = Query(
    select(customer_keys).where(customer_keys.c.customer_id == bindparam("customer_id")), CustomerKey._make
)
_NONE = Uses(0, 0, None, None, 0)


async def numbers_of(reader: Reader, customer_id: UUID) -> list[PhoneRow]:
    """All numbers of a customer, oldest first."""
    return await _NUMBERS.all(reader, customer_id=customer_id)


async def numbers_among(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, list[PhoneRow]]:
    """The numbers of each of these customers that has any, oldest first."""
    found: dict[UUID, list[PhoneRow]] = {}
    for row in await _NUMBERS_AMONG.all(reader, ids=sorted(ids)):
        found.setdefault(row.customer_id, []).append(row)
    return found


async def claims_among(reader: Reader, ids: Iterable[UUID]) -> list[ClaimRow]:
    """`claims_of` several."""
    return await _CLAIMS_AMONG.all(reader, ids=sorted(ids))


async def primary_number_of(reader: Reader, customer_id: UUID) -> list[PhoneRow]:
    """The primary one of them; none for a customer without a number."""
    return await _PRIMARY.all(reader, customer_id=customer_id)


async def claims_of(reader: Reader, customer_id: UUID) -> list[ClaimRow]:
    """The numbers that are nobody else's, under each live index key."""
    return await _CLAIMS.all(reader, customer_id=customer_id)


async def data_key_of(reader: Reader, customer_id: UUID) -> CustomerKey | None:
    """The wrapped data key of a customer; None when it was destroyed."""
    return await _DATA_KEY.first(reader, customer_id=customer_id)


async def uses_of(
    reader: Reader, principal_id: UUID, kind: str, now: datetime, index: bytes | None = None, bucket: int | None = None
) -> Uses:
    """What a principal did in the last minute and day."""
    uses = await _USES.first(
        reader,
        principal_id=principal_id,
        kind=kind,
        minute=now - MINUTE,
        day=now - DAY,
        index=index if index is not None else b"",
        bucket=bucket if bucket is not None else -1,
    )
    return uses or _NONE
