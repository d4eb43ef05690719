"""Customers to call, the most doubtful first, within the reach of who asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, or_, select, tuple_

from custhub.features.customers.models import customers
from custhub.features.phones.models import customer_phones
from custhub.features.quality.models import VerificationRow, verifications
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

_v, _c, _p = verifications.c, customers.c, customer_phones.c
_WIDTH: Final = len(VerificationRow._fields)
#: What the queue is ordered by, and its cursors too: what comes before doubt later stands before it here.
ORDER: Final = (_v.certainty, _v.due_at, _v.customer_id)


class DueRecord(NamedTuple):
    """A customer to call, with its stage and when its number was verified last."""

    row: VerificationRow
    stage: str
    verified_at: datetime | None


def _record(values: Iterable[Any]) -> DueRecord:
    values = list(values)
    return DueRecord(VerificationRow._make(values[:_WIDTH]), *values[_WIDTH:])


_now = bindparam("now", type_=_v.due_at.type)
_DUE: Final = (
    select(verifications, _c.stage, _p.verified_at)
    .select_from(verifications.join(customers, _c.id == _v.customer_id).join(customer_phones, _p.id == _v.phone_id))
    .where(_v.due_at <= _now, _c.archived_at.is_(None))
)
_FREE: Final = or_(_v.claimed_until.is_(None), _v.claimed_until <= _now)
_MINE: Final = [_v.claimed_by == bindparam("caller"), _v.claimed_until > _now]


def _page(conditions: list[ColumnElement[bool]], *, after: bool) -> Reachable[DueRecord]:
    statement = _DUE.where(*conditions)
    if after:
        place = tuple_(*(bindparam(f"after_{column.name}", type_=column.type) for column in ORDER))
        statement = statement.where(tuple_(*ORDER) > place)
    return Reachable(statement.order_by(*ORDER).limit(bindparam("limit")), customers, _record)


_CHOICES: Final[dict[str, list[ColumnElement[bool]]]] = {"any": [], "free": [_FREE], "mine": _MINE}
_PAGES: Final = {
    (choice, after): _page(conditions, after=after)
    for choice, conditions in _CHOICES.items()
    for after in (False, True)
}
#: What a rival has in hand is skipped; the embedded database has one writer and needs no lock.
_TO_CLAIM: Final = Reachable(
    _DUE.where(_FREE).order_by(*ORDER).limit(bindparam("limit")).with_for_update(skip_locked=True, of=verifications),
    customers,
    _record,
)
_HELD: Final = Reachable(
    _DUE.where(*_MINE, any_of(_v.customer_id, "ids")).order_by(*ORDER).with_for_update(of=verifications),
    customers,
    _record,
)
_OF_CUSTOMER: Final = Query(
    select(verifications).where(_v.customer_id == bindparam("customer_id")),
    VerificationRow._make,
    everyone="asked by whoever has just changed the customer, whose reach was checked",
)
_OF_CUSTOMERS: Final = Query(
    select(verifications).where(any_of(_v.customer_id, "ids")),
    VerificationRow._make,
    everyone="asked by whoever merges these customers, whose reach was checked",
)


async def page_of_due(
    reader: Reader, reach: Reach, choice: str, caller: str, now: datetime, after: list[Any] | None, limit: int
) -> Page[DueRecord]:
    """Customers to call: `any`, those that are `free`, or those that are `mine`."""
    params: dict[str, Any] = {"now": now, "caller": caller, "limit": limit + 1, **reach.params}
    if after is not None:
        certainty, due_at, owner = after
        params |= {
            "after_certainty": certainty,
            "after_due_at": from_micros(due_at),
            "after_customer_id": from_bytes(bytes.fromhex(owner)),
        }
    found = await _PAGES[choice, after is not None].of(reach).all(reader, **params)
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1].row
    return Page(found[:limit], (last.certainty, micros(last.due_at), last.customer_id.hex))


async def free_to_claim(reader: Reader, reach: Reach, now: datetime, limit: int) -> list[DueRecord]:
    """The next that nobody has undertaken to call; in a transaction they are locked."""
    return await _TO_CLAIM.of(reach).all(reader, now=now, limit=limit, **reach.params)


async def held_by(reader: Reader, reach: Reach, caller: str, now: datetime, ids: Sequence[UUID]) -> list[DueRecord]:
    """Those of these customers whom the caller has undertaken to call; in a transaction they are locked."""
    return await _HELD.of(reach).all(reader, now=now, caller=caller, ids=ids, **reach.params)


async def verification_of(reader: Reader, customer_id: UUID) -> VerificationRow | None:
    """The place of a customer in the queue."""
    return await _OF_CUSTOMER.first(reader, customer_id=customer_id)


async def verifications_among(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, VerificationRow]:
    """The places of those of these customers that are in the queue."""
    return {row.customer_id: row for row in await _OF_CUSTOMERS.all(reader, ids=sorted(ids))}
