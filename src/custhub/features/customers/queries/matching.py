"""Who has these match keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from custhub.features.customers.models import MatchClaimRow, customer_emails, customers, match_claims
from custhub.features.customers.queries.records import RECORD, CustomerRecord, make_record
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_BY_MAILBOX = Reachable(
    select(customers.c.id)
    .select_from(customer_emails.join(customers, customers.c.id == customer_emails.c.customer_id))
    .where(any_of(customer_emails.c.folded, "mailboxes"), customers.c.archived_at.is_(None))
    .distinct()
    .order_by(customers.c.id)
    .limit(20),
    customers,
    _first,
)
_CLAIMS = Query(select(match_claims).where(any_of(match_claims.c.key, "keys")), MatchClaimRow._make)
_AMONG = any_of(customers.c.id, "ids")
_RECORDS = Reachable(RECORD.where(_AMONG).order_by(customers.c.id), customers, make_record)
_LOCK = Reachable(select(customers.c.id).where(_AMONG).order_by(customers.c.id).with_for_update(), customers, _first)


async def customers_of_mailboxes(reader: Reader, reach: Reach, mailboxes: Sequence[str]) -> list[UUID]:
    """Live customers within reach with one of these folded addresses, oldest first, at most 20."""
    return await _BY_MAILBOX.of(reach).all(reader, mailboxes=list(mailboxes), **reach.params)


async def claims_among(reader: Reader, keys: Sequence[bytes]) -> Mapping[bytes, UUID]:
    """Of these match keys those that somebody was created for."""
    return {bytes(row.key): row.customer_id for row in await _CLAIMS.all(reader, keys=list(keys))}


async def records_among(
    reader: Reader, reach: Reach, ids: Iterable[UUID], *, locking: bool
) -> Mapping[UUID, CustomerRecord]:
    """Those of these customers that the caller may reach, with all their parts; locked first where they will change."""
    params: dict[str, Any] = {"ids": sorted(ids), **reach.params}
    if locking:
        await _LOCK.of(reach).all(reader, **params)
    return {record.row.id: record for record in await _RECORDS.of(reach).all(reader, **params)}
