"""Who has this number or address, wherever they are: the suppression list holds for everyone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, literal_column, select, union

from custhub.features.customers.models import customer_emails
from custhub.features.phones.models import customer_phones
from custhub.kit.query import Query, Reader, any_of

_WHY = "a suppression holds for every customer; nobody is shown any"
_p, _e = customer_phones.c, customer_emails.c


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_LIMIT: BindParameter[int] = bindparam("limit")
_OF_NUMBER = Query(
    select(_p.customer_id)
    .where(any_of(_p.exact_index, "indexes"), _p.suppressed_by.is_(None))
    .distinct()
    .order_by(_p.customer_id)
    .limit(_LIMIT),
    _first,
    everyone=_WHY,
)
_OF_MAILBOX = Query(
    select(_e.customer_id)
    .where(_e.folded == bindparam("folded"), _e.suppressed_by.is_(None))
    .distinct()
    .order_by(_e.customer_id)
    .limit(_LIMIT),
    _first,
    everyone=_WHY,
)
_held = union(
    *(
        select(column.table.c.customer_id).where(
            literal_column(f"{column.table.name}.suppressed_by IS NOT NULL"),
            column == bindparam("suppression_id", type_=column.type),
        )
        for column in (_p.suppressed_by, _e.suppressed_by)
    )
).subquery()
_HELD_BACK = Query(select(_held.c.customer_id).order_by(_held.c.customer_id).limit(_LIMIT), _first, everyone=_WHY)


async def holders_of_number(reader: Reader, indexes: Sequence[bytes], limit: int) -> set[UUID]:
    """Some customers with a number of one of these exact indexes that nothing holds back."""
    return set(await _OF_NUMBER.all(reader, indexes=list(indexes), limit=limit))


async def holders_of_mailbox(reader: Reader, folded: str, limit: int) -> set[UUID]:
    """Some customers with this address that nothing holds back."""
    return set(await _OF_MAILBOX.all(reader, folded=folded, limit=limit))


async def held_back(reader: Reader, suppression_id: UUID, limit: int) -> set[UUID]:
    """Some customers with a number or address that this entry of the list holds back."""
    return set(await _HELD_BACK.all(reader, suppression_id=suppression_id, limit=limit))
