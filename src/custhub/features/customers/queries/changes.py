"""Which customers changed, those that are no longer there among them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, tuple_

from custhub.features.customers.models import customers
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.query import Reader
from custhub.security.reach import Reach, Reachable

_c = customers.c


class ChangedRow(NamedTuple):
    """Where a customer stands."""

    id: UUID
    revision: int
    updated_at: datetime
    archived_at: datetime | None
    merged_into: UUID | None
    erased_at: datetime | None

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the order of changes."""
        return micros(self.updated_at), self.id.hex


_ALL = (
    select(_c.id, _c.revision, _c.updated_at, _c.archived_at, _c.merged_into, _c.erased_at)
    .where(_c.updated_at >= bindparam("since"))
    .order_by(_c.updated_at, _c.id)
    .limit(bindparam("limit"))
)
_FIRST = Reachable(_ALL, customers, ChangedRow._make)
_NEXT = Reachable(
    _ALL.where(
        tuple_(_c.updated_at, _c.id)
        > tuple_(bindparam("after_at", type_=_c.updated_at.type), bindparam("after_id", type_=_c.id.type))
    ),
    customers,
    ChangedRow._make,
)


async def changed_customers(
    reader: Reader, reach: Reach, since: datetime, after: list[Any] | None, limit: int
) -> list[ChangedRow]:
    """Those that changed at `since` or later, oldest change first, behind the key `after`."""
    params: dict[str, Any] = {"since": since, "limit": limit, **reach.params}
    if after is None:
        return await _FIRST.of(reach).all(reader, **params)
    place = {"after_at": from_micros(after[0]), "after_id": from_bytes(bytes.fromhex(after[1]))}
    return await _NEXT.of(reach).all(reader, **params, **place)
