"""Which numbers and external ids are taken, and by whom as far as the caller may know (S-13, S-14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, true

from custhub.features.customers.models import (
    ExternalIdRow,
    MatchClaimRow,
    customer_external_ids,
    customers,
    match_claims,
)
from custhub.features.phones.models import customer_phones, phone_claims
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable


class HeldNumber(NamedTuple):
    """A claimed number: its index, its last-4 bucket, its row and its customer."""

    exact_index: bytes
    last4_index: int
    phone_id: UUID
    customer_id: UUID


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_HELD = Query(
    select(
        phone_claims.c.exact_index,
        customer_phones.c.last4_index,
        customer_phones.c.id,
        phone_claims.c.customer_id,
    )
    .select_from(phone_claims.join(customer_phones, customer_phones.c.id == phone_claims.c.phone_id))
    .where(any_of(phone_claims.c.exact_index, "indexes")),
    HeldNumber._make,
    everyone="a number is taken for everyone alike; who holds it is told after `reachable_among` alone",
)
_KEYS = Query(
    select(customer_external_ids).where(
        any_of(customer_external_ids.c.external_id, "external_ids"), customer_external_ids.c.is_live == true()
    ),
    ExternalIdRow._make,
    everyone="an external id is taken for everyone alike; whose it is is told after `reachable_among` alone",
)
_MATCHES = Query(
    select(match_claims).where(match_claims.c.customer_id == bindparam("customer_id")), MatchClaimRow._make
)
_MATCHES_AMONG = Query(select(match_claims).where(any_of(match_claims.c.customer_id, "ids")), MatchClaimRow._make)
_AMONG = Reachable(select(customers.c.id).where(any_of(customers.c.id, "ids")), customers, _first)
_KEY_COUNT = Query(
    select(customer_external_ids.c.id).where(customer_external_ids.c.source == bindparam("source")).limit(1),
    _first,
    everyone="whether a source is in use is the same for everyone; no customer is told",
)


async def held_numbers(reader: Reader, indexes: Sequence[bytes]) -> list[HeldNumber]:
    """The claims of these exact indexes, of customers anywhere."""
    return await _HELD.all(reader, indexes=list(indexes))


async def held_keys(reader: Reader, keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], UUID]:
    """Of these (source, id) the live ones, with their customers, who may be anywhere."""
    wanted = set(keys)
    rows = await _KEYS.all(reader, external_ids=sorted({external_id for _, external_id in wanted}))
    return {key: row.customer_id for row in rows if (key := (row.source, row.external_id)) in wanted}


async def match_claims_of(reader: Reader, customer_id: UUID) -> list[MatchClaimRow]:
    """The match keys that a customer was created for."""
    return await _MATCHES.all(reader, customer_id=customer_id)


async def match_claims_among(reader: Reader, ids: Iterable[UUID]) -> list[MatchClaimRow]:
    """`match_claims_of` several."""
    return await _MATCHES_AMONG.all(reader, ids=sorted(ids))


async def reachable_among(reader: Reader, reach: Reach, ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of these customers that the caller may reach."""
    return frozenset(await _AMONG.of(reach).all(reader, ids=list(ids), **reach.params))


async def is_source_in_use(reader: Reader, source: str) -> bool:
    """Whether any customer has an id of this source."""
    return await _KEY_COUNT.first(reader, source=source) is not None
