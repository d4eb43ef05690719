"""Read statements over match keys and pairs that never join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select

from custhub.features.matching.models import CannotLinkRow, cannot_links, match_keys
from custhub.kit.query import Query, Reader, any_of

_WHY: Final = "matching compares all customers; what is shown of any is checked by its caller's reach"
_k, _c = match_keys.c, cannot_links.c


class KeyRow(NamedTuple):
    """A row of match_keys."""

    key: int
    customer_id: UUID


class Held(NamedTuple):
    """How many customers hold a key."""

    key: int
    holders: int


_KEYS_OF = Query(select(_k.key, _k.customer_id).where(any_of(_k.customer_id, "ids")), KeyRow._make, everyone=_WHY)
_COUNTS = Query(select(_k.key, func.count()).where(any_of(_k.key, "keys")).group_by(_k.key), Held._make, everyone=_WHY)
_AMONG = Query(
    select(cannot_links).where(or_(any_of(_c.left_id, "ids"), any_of(_c.right_id, "ids"))),
    CannotLinkRow._make,
    everyone=_WHY,
)


async def keys_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, set[int]]:
    """The stored keys of these customers."""
    found: dict[UUID, set[int]] = defaultdict(set)
    for row in await _KEYS_OF.all(reader, ids=sorted(ids)):
        found[row.customer_id].add(row.key)
    return found


async def holders_of(reader: Reader, keys: Collection[int]) -> Mapping[int, int]:
    """How many customers hold each of these keys; without those that nobody holds."""
    return dict(await _COUNTS.all(reader, keys=sorted(keys))) if keys else {}


async def cannot_links_of(reader: Reader, ids: Iterable[UUID]) -> list[CannotLinkRow]:
    """Pairs with at least one of these customers."""
    return await _AMONG.all(reader, ids=sorted(ids))
