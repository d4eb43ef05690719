"""Read statements over touchpoints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.customers.models import customers
from custhub.features.intake.models import TouchpointRow, touchpoints
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader
from custhub.security.reach import Reach, Reachable

_t = touchpoints.c
_FIRST_PAGE = (
    select(touchpoints)
    .select_from(touchpoints.join(customers, customers.c.id == _t.customer_id))
    .where(_t.customer_id == bindparam("customer_id"))
    .order_by(_t.id.desc())
    .limit(bindparam("limit"))
)
_PAGES: Mapping[bool, Reachable[TouchpointRow]] = {
    False: Reachable(_FIRST_PAGE, customers, TouchpointRow._make),
    True: Reachable(_FIRST_PAGE.where(_t.id < bindparam("after", type_=_t.id.type)), customers, TouchpointRow._make),
}
_OF_CUSTOMER = Query(
    select(touchpoints).where(_t.customer_id == bindparam("customer_id")).order_by(_t.id),
    TouchpointRow._make,
    everyone="an export of a person's data holds all of it; its route checks rights and reach",
)


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_KNOWN = Query(
    select(_t.id).where(_t.digest == bindparam("digest")),
    _first,
    everyone="whether the same was sent before; nobody is told",
)
_KEY = Query(select(customer_keys).where(customer_keys.c.customer_id == bindparam("customer_id")), CustomerKey._make)


async def was_sent(reader: Reader, digest: bytes) -> bool:
    """Whether exactly this came before."""
    return await _KNOWN.first(reader, digest=digest) is not None


async def touchpoints_of(reader: Reader, customer_id: UUID) -> list[TouchpointRow]:
    """All touchpoints of a customer, oldest arrival first."""
    return await _OF_CUSTOMER.all(reader, customer_id=customer_id)


async def data_key_of(reader: Reader, customer_id: UUID) -> CustomerKey | None:
    """The wrapped data key of a customer, None when it was destroyed."""
    return await _KEY.first(reader, customer_id=customer_id)


async def page_of_touchpoints(
    reader: Reader, reach: Reach, customer_id: UUID, after: Sequence[Any] | None, limit: int
) -> Page[TouchpointRow]:
    """One page of the touchpoints of a customer, newest arrivals first."""
    params: dict[str, Any] = {"customer_id": customer_id, "limit": limit + 1, **reach.params}
    if after is not None:
        params["after"] = from_bytes(bytes.fromhex(after[0]))
    rows = await _PAGES[after is not None].of(reach).all(reader, **params)
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))
