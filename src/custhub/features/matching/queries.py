"""Read statements over match keys and pairs that never join."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, TableValuedAlias, Text, bindparam, cast, func, literal_column, or_, select

from custhub.features.customers.models import customers
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.matching.models import CannotLinkRow, MatchKeyRow, cannot_links, match_keys
from custhub.features.matching.rules.blocking import HOT
from custhub.kit.db import ListOf
from custhub.kit.query import Query, Reader, any_of
from custhub.kit.uow import UnitOfWork

_WHY: Final = "matching compares all customers; what is shown of any is checked by its caller's reach"
_k, _c = match_keys.c, cannot_links.c
_PAIRS_LOCK: Final = 0x6170617274  # "apart"
_ALONE = Query(select(func.pg_advisory_xact_lock(literal_column(str(_PAIRS_LOCK)))), tuple)


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


def _number(values: Iterable[Any]) -> int:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


class Meeting(NamedTuple):
    """A key, and the ids of its holders as JSON."""

    key: int
    holders: str | None


class Held(NamedTuple):
    """How many customers hold a key, of many no more than was asked for."""

    key: int
    holders: int


_NEXT = Query(
    select(customers.c.id)
    .where(customers.c.id > bindparam("after", type_=customers.c.id.type))
    .order_by(customers.c.id)
    .limit(bindparam("limit"))
    .with_for_update(),
    _first,
    everyone=_WHY,
)
_KEYS_OF = Query(select(_k.key, _k.customer_id).where(any_of(_k.customer_id, "ids")), MatchKeyRow._make, everyone=_WHY)
_AMONG = Query(
    select(cannot_links).where(or_(any_of(_c.left_id, "ids"), any_of(_c.right_id, "ids"))),
    CannotLinkRow._make,
    everyone=_WHY,
)


async def customers_after(reader: Reader, after: UUID | None, limit: int) -> list[CustomerRecord]:
    """The next customers behind this id, with their parts, their rows locked: who changes them changes their keys."""
    ids = await _NEXT.all(reader, after=after or UUID(int=0), limit=limit)
    return list((await whole_customers(reader, set(ids))).values()) if ids else []


async def keys_of(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, set[int]]:
    """The stored keys of these customers."""
    found: dict[UUID, set[int]] = defaultdict(set)
    for row in await _KEYS_OF.all(reader, ids=sorted(ids)):
        found[row.customer_id].add(row.key)
    return found


async def cannot_links_of(reader: Reader, ids: Iterable[UUID]) -> list[CannotLinkRow]:
    """Pairs with at least one of these customers."""
    return await _AMONG.all(reader, ids=sorted(ids))


async def alone_with_cannot_links(uow: UnitOfWork) -> None:
    """Wait until no other merge or undo is at pairs of third customers; none is before the commit. PostgreSQL alone."""
    # What waits to be written may wait for rows of others: sooner than somebody waits for this one.
    await uow.flush()
    await _ALONE.first(uow)


_STRIDE: Final = 10_000
_u = customers.c
_EDGE = Query(
    select(_u.id).where(_u.id > bindparam("after", type_=_u.id.type)).order_by(_u.id).offset(_STRIDE - 1).limit(1),
    _first,
    everyone=_WHY,
)
_BETWEEN: Query[int] = Query(
    select(func.count()).where(
        _u.id > bindparam("after", type_=_u.id.type),
        _u.id <= bindparam("upto", type_=_u.id.type),
        _u.kind == bindparam("kind"),
        _u.archived_at.is_(None),
        _u.merged_into.is_(None),
    ),
    _number,
    everyone=_WHY,
)
#: One more than a key may have before it is passed over: enough to know that it has them.
_SOME = HOT + 1


def _meetings(given: TableValuedAlias, listed: Callable[[ColumnElement[Any]], ColumnElement[Any]]) -> Query[Meeting]:
    some = select(_k.customer_id).where(_k.key == given.c.value).limit(_SOME).correlate(given).subquery("some")
    holders = select(listed(some.c.customer_id)).scalar_subquery()
    return Query(select(given.c.value, holders), Meeting._make, everyone=_WHY)


def _counted(given: TableValuedAlias) -> Query[Held]:
    some = select(_k.customer_id).where(_k.key == given.c.value).limit(bindparam("most")).correlate(given)
    count = select(func.count()).select_from(some.subquery("some")).scalar_subquery()
    return Query(select(given.c.value, count), Held._make, everyone=_WHY)


_GIVEN: Any = bindparam("keys", type_=ListOf(_k.key.type))
#: Written for each engine: who holds each of the given keys, of hot ones no more than shows that they are.
_MEETINGS: Final[Mapping[str, Query[Meeting]]] = {
    "postgresql": _meetings(
        func.unnest(_GIVEN).table_valued("value").render_derived(),
        lambda column: cast(func.json_agg(column), Text),
    ),
    "sqlite": _meetings(
        func.json_each(_GIVEN).table_valued("value"), lambda column: func.json_group_array(func.hex(column))
    ),
}


async def holders_by_key(reader: Reader, keys: Collection[int]) -> Iterator[tuple[int, list[UUID]]]:
    """Who holds each of these keys; of a hot one one more than it may have."""
    found = await _MEETINGS[reader.name].all(reader, keys=sorted(keys))
    return ((row.key, [UUID(held) for held in orjson.loads(row.holders)]) for row in found if row.holders)


#: The same, counted.
_COUNTED: Final[Mapping[str, Query[Held]]] = {
    "postgresql": _counted(func.unnest(_GIVEN).table_valued("value").render_derived()),
    "sqlite": _counted(func.json_each(_GIVEN).table_valued("value")),
}
_AFTER = bindparam("after", type_=_k.customer_id.type)
_BEHIND = select(_k.customer_id).where(_k.key == bindparam("key"), _k.customer_id > _AFTER)
_NEXT_HOLDER = Query(_BEHIND.order_by(_k.customer_id).offset(_STRIDE - 1).limit(1), _first, everyone=_WHY)
_LAST_HOLDERS: Query[int] = Query(select(func.count()).select_from(_BEHIND.subquery()), _number, everyone=_WHY)


async def holders_of(reader: Reader, keys: Collection[int], most: int) -> dict[int, int]:
    """How many customers hold each of these keys, `most` where it is that many or more."""
    return dict(await _COUNTED[reader.name].all(reader, keys=sorted(keys), most=most)) if keys else {}


async def count_holders(reader: Reader, key: int) -> int:
    """How many customers hold a key that many hold, counted in strides: others get in between."""
    total, after = 0, UUID(int=0)
    while (edge := await _NEXT_HOLDER.first(reader, key=key, after=after)) is not None:
        total, after = total + _STRIDE, edge
        await asyncio.sleep(0)
    return total + (await _LAST_HOLDERS.first(reader, key=key, after=after) or 0)


async def count_people(reader: Reader, kind: str) -> int:
    """How many customers of a kind are compared with each other, counted in strides: others get in between."""
    total, after = 0, UUID(int=0)
    while (edge := await _EDGE.first(reader, after=after)) is not None:
        total += await _BETWEEN.first(reader, kind=kind, after=after, upto=edge) or 0
        after = edge
        await asyncio.sleep(0)
    return total + (await _BETWEEN.first(reader, kind=kind, after=after, upto=UUID(int=2**128 - 1)) or 0)
