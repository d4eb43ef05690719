"""Read statements over hot keys. They are about all customers; who holds one is told within reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, select, tuple_

from custhub.features.customers.models import customers
from custhub.features.duplicates.models import HotKeyRow, hot_keys
from custhub.features.matching.models import match_keys
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

_h, _k, _c = hot_keys.c, match_keys.c, customers.c
#: Holders that are looked through for some within reach, and how many of those are told.
_LOOKED_AT: Final = 500
_EXAMPLES: Final = 3
_MOST: Final = 2**31 - 1
_PAGE: Final = Query(
    select(hot_keys)
    .where(tuple_(-_h.holders, _h.key) > tuple_(bindparam("less"), bindparam("after", type_=BigInteger())))
    .order_by(-_h.holders, _h.key)
    .limit(bindparam("limit")),
    HotKeyRow._make,
)


def _id(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_some = select(_k.customer_id).where(any_of(_k.key, "keys")).limit(_LOOKED_AT).subquery("some")
_HOLDERS: Final = Reachable(
    select(_c.id)
    .select_from(_some.join(customers, _c.id == _some.c.customer_id))
    .where(_c.archived_at.is_(None), _c.merged_into.is_(None), _c.erased_at.is_(None))
    .order_by(_c.id)
    .limit(_EXAMPLES),
    customers,
    _id,
)


async def page_of_hot_keys(reader: Reader, after: Sequence[Any] | None, limit: int) -> Page[HotKeyRow]:
    """Those of most holders first."""
    less, key = (-_MOST, 0) if after is None else after
    found = await _PAGE.all(reader, less=less, after=key, limit=limit + 1)
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    return Page(found[:limit], (-last.holders, last.key))


async def some_holders(reader: Reader, reach: Reach, row: HotKeyRow) -> list[UUID]:
    """A few customers within reach that hold it now."""
    return await _HOLDERS.of(reach).all(reader, keys=[row.key, row.organisation_key], **reach.params)
