"""Customers by their tokens, in order of the probes of a query and then of the tokens (rules/probes.py).

PostgreSQL walks the ranges in one statement, one after the other, and no further than a page. SQLite, where a statement
costs microseconds, asks which ranges hold anything and takes those one by one. Of a caller who reaches few customers
these few are looked through instead.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union,
)

from custhub.features.customers.models import customers, search_tokens
from custhub.features.customers.queries.listing import Selection
from custhub.features.customers.queries.records import RECORD, CustomerRecord, make_record
from custhub.features.customers.rules.probes import Probe
from custhub.features.customers.rules.search import Heads
from custhub.kit.db import Id
from custhub.kit.ids import from_bytes
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable, ReachKind

R = TypeVar("R")
_t, _c = search_tokens.c, customers.c
_FIRST: Final = from_bytes(bytes(16))
#: Probes of one statement on PostgreSQL: most answers are full after the first few.
_WAVES: Final = (0, 8, 72, 1_000_000)
#: Callers that reach more than so many customers find them by tokens, as if they reached all.
FEW: Final = 4_000
_SHAPES: Final = 512


class Position(NamedTuple):
    """A place in the answer: behind it the walk goes on."""

    probe: int
    token: str
    customer_id: UUID


class _Limits(NamedTuple):
    """The ends of a range and its patterns, as columns or as parameters."""

    low: ColumnElement[Any]
    low_id: ColumnElement[Any]
    high: ColumnElement[Any]
    like: ColumnElement[Any]
    also: ColumnElement[Any]
    unlike: ColumnElement[Any]


_TYPES: Final[dict[str, Any]] = {name: String() for name in _Limits._fields} | {"low_id": Id()}


def _within(limits: _Limits, selection: Selection) -> Select[Any]:
    """The tokens of a range whose customers are selected."""
    return (
        select(_t.token, _t.customer_id)
        .select_from(search_tokens.join(customers, _c.id == _t.customer_id))
        .where(
            tuple_(_t.token, _t.customer_id) > tuple_(limits.low, limits.low_id),
            _t.token < limits.high,
            _t.token.like(limits.like, escape="\\"),
            _t.token.like(limits.also, escape="\\"),
            _t.token.not_like(limits.unlike, escape="\\"),
            *selection.conditions(),
        )
    )


def _in_order(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(_t.token, _t.customer_id).limit(bindparam("limit"))


def _one_range(selection: Selection) -> Reachable[tuple[str, UUID]]:
    limits = _Limits(*(bindparam(name, type_=kind) for name, kind in _TYPES.items()))
    return Reachable(_within(limits, selection), customers, _pair, wrap=_in_order)


def _many_ranges(selection: Selection) -> Reachable[Position]:
    # One dimension each, side by side; the order of the probes is that of the answer.
    arrays = [bindparam(name, type_=ARRAY(kind, dimensions=1)) for name, kind in _TYPES.items()]
    columns = [column(f"given_{name}", kind) for name, kind in _TYPES.items()]
    given = func.unnest(*arrays).table_valued(*columns, with_ordinality="number", name="given").render_derived()
    limits = _Limits(*(given.c[f"given_{name}"] for name in _TYPES))

    def wrap(statement: Select[Any]) -> Select[Any]:
        hits = _in_order(statement.correlate(given)).lateral("hits")
        # Not sorted: what reads from `given` row by row can only be a nested loop over it, so the rows come in its
        # order, and a page that is full leaves the other ranges alone. Asked for an order, all of them are walked.
        return (
            select(given.c.number, hits.c.token, hits.c.customer_id)
            .select_from(given.join(hits, true()))
            .limit(bindparam("limit"))
        )

    return Reachable(_within(limits, selection), customers, Position._make, wrap=wrap)


@cache
def _held() -> Query[Any]:
    # Built when first asked for: PostgreSQL has no such function.
    given = func.json_each(bindparam("ranges")).table_valued("key", "value")
    some = exists(
        select(literal_column("1"))
        .select_from(search_tokens)
        .where(
            _t.token >= func.json_extract(given.c.value, "$[0]", type_=String()),
            _t.token < func.json_extract(given.c.value, "$[1]", type_=String()),
        )
        .correlate(given)
    )
    return Query(
        select(given.c.key).where(some).order_by(given.c.key),
        _first,
        everyone="it asks which ranges are worth walking, and they are walked within reach",
    )


def _pair(values: Iterable[Any]) -> tuple[str, UUID]:
    token, customer_id = values
    return token, customer_id


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


_OF_THESE = Query(
    # By their ids alone: beside them, conditions of reach lead PostgreSQL to walk their indexes once for each id.
    select(_t.token, _t.customer_id).where(
        any_of(_t.customer_id, "ids"),
        or_(
            any_of(func.substr(_t.token, 2, bindparam("name_size"), type_=String()), "name_heads"),
            any_of(func.substr(_t.token, 2, bindparam("text_size"), type_=String()), "text_heads"),
        ),
    ),
    _pair,
    everyone="it asks about customers that were found by the caller's reach, and they are read through it again",
)


def _chosen(selection: Selection) -> Query[UUID]:
    return Query(
        select(_c.id).where(any_of(_c.id, "ids"), *selection.conditions()),
        _first,
        everyone="it asks about customers that were found by the caller's reach, and they are read through it again",
    )


def _selected(selection: Selection) -> Reachable[UUID]:
    return Reachable(select(_c.id).where(any_of(_c.id, "ids"), *selection.conditions()), customers, _first)


def _some(condition: ColumnElement[bool]) -> Select[Any]:
    # Each by its index, and no further than it takes to know that they are many.
    return select(select(_c.id).where(condition).limit(FEW + 1).subquery().c.id)


_REACHED = Query(
    select(
        union(
            _some(_c.owner_id == bindparam("reach_owner", type_=_c.owner_id.type)),
            _some(any_of(_c.team_id, "reach_teams")),
            _some(any_of(_c.source, "reach_sources")),
        )
        .subquery()
        .c.id
    ).limit(FEW + 1),
    _first,
    everyone="it asks for exactly those that the caller reaches",
)
_RECORDS = Reachable(RECORD.where(any_of(_c.id, "ids")), customers, make_record)
_shapes: dict[tuple[Any, ...], Any] = {}


def _kept(build: Callable[[Selection], R], selection: Selection) -> R:
    key = (build, *selection.shape)
    query = _shapes.get(key)
    if query is None:
        if len(_shapes) >= _SHAPES:
            del _shapes[next(iter(_shapes))]
        query = _shapes[key] = build(selection)
    found: R = query
    return found


class TokenSearch:
    """The walk through the tokens that answer one query."""

    def __init__(self, reader: Reader, reach: Reach, selection: Selection, probes: Sequence[Probe]) -> None:
        self._reader = reader
        self._reach = reach
        self._selection = selection
        self._probes = probes

    async def behind(self, after: Position | None, limit: int) -> list[Position]:
        """The next tokens, at most `limit`; fewer only at the end."""
        found: list[Position] = []
        async for position in self._walk(after, limit):
            found.append(position)
            if len(found) == limit:
                break
        return found

    async def few(self) -> list[UUID] | None:
        """The customers that the caller reaches, None where they are many."""
        if self._reach.kind is ReachKind.ALL:
            return None
        ids = await _REACHED.all(self._reader, **self._reach.params)
        return ids if len(ids) <= FEW else None

    async def of(self, ids: Sequence[UUID], heads: tuple[Heads, Heads]) -> list[tuple[str, UUID]]:
        """The tokens of these customers that go on with one of `heads` behind their first letter, in no order."""
        names, texts = heads
        values = {
            "name_size": names.size,
            "name_heads": names.texts,
            "text_size": texts.size,
            "text_heads": texts.texts,
        }
        return await _OF_THESE.all(self._reader, ids=ids, **values)

    async def chosen(self, ids: Iterable[UUID]) -> set[UUID]:
        """Those of these customers, all of them within reach, that are selected."""
        query = _kept(_chosen, self._selection)
        return set(await query.all(self._reader, ids=list(ids), **self._selection.params))

    async def records(self, ids: Iterable[UUID]) -> dict[UUID, CustomerRecord]:
        """These customers, with their parts."""
        records = await _RECORDS.of(self._reach).all(self._reader, ids=list(ids), **self._reach.params)
        return {record.row.id: record for record in records}

    async def selected(self, ids: Iterable[UUID]) -> set[UUID]:
        """Those of these customers that are selected."""
        query = _kept(_selected, self._selection)
        return set(
            await query.of(self._reach).all(self._reader, ids=list(ids), **self._selection.params, **self._reach.params)
        )

    async def _walk(self, after: Position | None, limit: int) -> AsyncIterator[Position]:
        first = 0 if after is None else after.probe
        if self._reader.name == "sqlite":
            query = _kept(_one_range, self._selection).of(self._reach)
            for number in await self._worth_walking(first, after):
                values = dict(zip(_TYPES, self._limits(number, after), strict=True))
                for token, customer_id in await query.all(self._reader, **values, **self._bound(limit)):
                    yield Position(number, token, customer_id)
            return
        many = _kept(_many_ranges, self._selection).of(self._reach)
        for begin, end in self._waves(first):
            limits = zip(*(self._limits(number, after) for number in range(begin, end)), strict=True)
            values = dict(zip(_TYPES, map(list, limits), strict=True))
            for number, token, customer_id in await many.all(self._reader, **values, **self._bound(limit)):
                yield Position(begin + number - 1, token, customer_id)

    async def _worth_walking(self, first: int, after: Position | None) -> list[int]:
        # Most ranges of initials and of readings hold nothing: together they cost less than one statement each.
        ranges = [
            (limits[0], limits[2]) for limits in (self._limits(i, after) for i in range(first, len(self._probes)))
        ]
        return [first + at for at in await _held().all(self._reader, ranges=orjson.dumps(ranges).decode())]

    def _waves(self, first: int) -> Iterator[tuple[int, int]]:
        for begin, end in pairwise(first + wave for wave in _WAVES):
            if begin < len(self._probes):
                yield begin, min(end, len(self._probes))

    def _limits(self, number: int, after: Position | None) -> tuple[Any, ...]:
        probe = self._probes[number]
        low, low_id = probe.low, _FIRST
        if after is not None and after.probe == number:
            low, low_id = after.token, after.customer_id
        return low, low_id, probe.high, probe.like, probe.also, probe.unlike

    def _bound(self, limit: int) -> dict[str, Any]:
        return {"limit": limit, **self._selection.params, **self._reach.params}
