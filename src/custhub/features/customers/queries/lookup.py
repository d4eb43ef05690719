"""Who has this number: by its blind indexes, never by opening rows to compare (S-09, S-10)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from custhub.features.customers.models import customers
from custhub.features.customers.queries.records import RECORD, CustomerRecord, make_record
from custhub.features.phones.models import customer_phones
from custhub.kit.ids import from_bytes
from custhub.kit.query import Reader, any_of
from custhub.security.reach import Reach, Reachable

_LIVE = RECORD.where(customers.c.archived_at.is_(None))
BY_NUMBER = Reachable(
    _LIVE.where(
        customers.c.id.in_(
            select(customer_phones.c.customer_id).where(any_of(customer_phones.c.exact_index, "indexes"))
        )
    )
    .order_by(customers.c.id)
    .limit(200),
    customers,
    make_record,
)
_BY_LAST4 = Reachable(
    _LIVE.where(
        # Not EXISTS: SQLite would walk all customers to find those of one bucket in 4,096.
        customers.c.id.in_(
            select(customer_phones.c.customer_id).where(any_of(customer_phones.c.last4_index, "buckets"))
        ),
        customers.c.id > bindparam("after_id", type_=customers.c.id.type),
    )
    .order_by(customers.c.id)
    .limit(bindparam("limit")),
    customers,
    make_record,
)
_FIRST = bytes(16)


async def by_number(reader: Reader, reach: Reach, indexes: list[bytes]) -> list[CustomerRecord]:
    """Live customers with a number of one of these exact indexes, at most 200."""
    return await BY_NUMBER.of(reach).all(reader, indexes=indexes, **reach.params)


async def by_last4(
    reader: Reader, reach: Reach, buckets: list[int], after: list[Any] | None, limit: int
) -> list[CustomerRecord]:
    """Live customers with a number in one of these buckets, by id; the caller opens them and drops the strangers."""
    after_id = from_bytes(_FIRST if after is None else bytes.fromhex(after[0]))
    return await _BY_LAST4.of(reach).all(reader, buckets=buckets, after_id=after_id, limit=limit, **reach.params)
