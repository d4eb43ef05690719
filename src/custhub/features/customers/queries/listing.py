"""Pages of customers: every filter, order and reach is a compiled variant, built when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal_column, select, tuple_

from custhub.features.customers.models import customer_addresses, customer_field_values, customer_tags, customers
from custhub.features.customers.queries.records import RECORD, CustomerRecord, make_record
from custhub.kit.db import from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Reader, any_of
from custhub.security.reach import Reach, Reachable

R = TypeVar("R")


class CustomerSort(StrEnum):
    """Orders a list of customers can have; a minus turns them round."""

    CREATED = "created_at"
    CREATED_DOWN = "-created_at"
    UPDATED = "updated_at"
    UPDATED_DOWN = "-updated_at"
    NAME = "name"
    NAME_DOWN = "-name"


_c = customers.c
_values = customer_field_values.c
_COLUMNS = {"created_at": _c.created_at, "updated_at": _c.updated_at, "name": _c.name_key}
_MANY = 10_000


def _at_address(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(
        select(literal_column("1")).where(customer_addresses.c.customer_id == _c.id, condition).correlate(customers)
    )


def _with_value(field: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    # Not EXISTS: of a rare value SQLite would walk all customers.
    return _c.id.in_(select(_values.customer_id).where(_values.field == field, any_of(_values.value, name)))


#: Of one value their index gives the order of creation too, and a page stops early; of a list it never can.
_OWN = {"stage": _c.stage, "category": _c.category, "source": _c.source, "owner_id": _c.owner_id, "team_id": _c.team_id}
_FILTERS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "ids": lambda: any_of(_c.id, "ids"),
    "tag": lambda: exists(
        select(literal_column("1"))
        .where(customer_tags.c.customer_id == _c.id, any_of(customer_tags.c.tag_key, "tag"))
        .correlate(customers)
    ),
    "need": lambda: _with_value(literal_column("'needs'"), "need"),
    "country": lambda: _at_address(any_of(customer_addresses.c.country, "country")),
    "province": lambda: _at_address(any_of(customer_addresses.c.province, "province")),
    "city": lambda: _at_address(any_of(customer_addresses.c.city, "city")),
    "created_at_gte": lambda: _c.created_at >= bindparam("created_at_gte"),
    "created_at_lt": lambda: _c.created_at < bindparam("created_at_lt"),
    "updated_at_gte": lambda: _c.updated_at >= bindparam("updated_at_gte"),
    "updated_at_lt": lambda: _c.updated_at < bindparam("updated_at_lt"),
}


def _is_there() -> tuple[ColumnElement[bool], ...]:
    # Who was erased or merged is archived too, and stands in no list any more.
    return _c.erased_at.is_(None), _c.merged_into.is_(None)


_ARCHIVED: dict[str, Callable[[], ColumnElement[bool]]] = {
    "false": lambda: _c.archived_at.is_(None),
    "true": lambda: and_(_c.archived_at.is_not(None), *_is_there()),
    "any": lambda: and_(*_is_there()),
}


_CUSTOM = "custom"


class Also(NamedTuple):
    """What another feature asks of customers; `name` is the same for the same conditions."""

    name: str
    conditions: Callable[[], list[ColumnElement[bool]]]
    params: Mapping[str, Any]


class Selection(NamedTuple):
    """Which customers: `filters` by name, only those with a value; `archived` is false, true or any.

    The filter `custom` has the wanted texts of each custom field, by `custom_fields.<key>`.
    """

    filters: Mapping[str, Any]
    archived: str
    also: Also | None = None

    @property
    def shape(self) -> tuple[Any, ...]:
        """What the texts of its statements depend on."""
        names = ((name, self._is_one(name)) for name in sorted(self.filters))
        return tuple(names), len(self.filters.get(_CUSTOM, ())), self.archived, self.also and self.also.name

    @property
    def params(self) -> dict[str, Any]:
        """What is bound into them."""
        found = {
            name: value[0] if self._is_one(name) else value for name, value in self.filters.items() if name != _CUSTOM
        }
        for i, (field, texts) in enumerate(self.filters.get(_CUSTOM, {}).items()):
            found |= {f"custom{i}_field": field, f"custom{i}": texts}
        return found if self.also is None else {**found, **self.also.params}

    def conditions(self) -> list[ColumnElement[bool]]:
        """What they ask for."""
        found = [self._condition(name) for name in sorted(self.filters) if name != _CUSTOM]
        for i in range(len(self.filters.get(_CUSTOM, ()))):
            found.append(_with_value(bindparam(f"custom{i}_field", type_=_values.field.type), f"custom{i}"))
        found.append(_ARCHIVED[self.archived]())
        return found if self.also is None else found + self.also.conditions()

    def _is_one(self, name: str) -> bool:
        return name in _OWN and len(self.filters[name]) == 1

    def _condition(self, name: str) -> ColumnElement[bool]:
        if name not in _OWN:
            return _FILTERS[name]()
        column = _OWN[name]
        return column == bindparam(name, type_=column.type) if self._is_one(name) else any_of(column, name)


class Total(NamedTuple):
    """How many there are: exact up to 10,000, else at least that many."""

    value: int
    exact: bool


#: Of all the shapes a caller could think of, some hundreds are kept.
_SHAPES = 512
_pages: dict[tuple[Any, ...], Reachable[CustomerRecord]] = {}
_totals: dict[tuple[Any, ...], Reachable[int]] = {}
_founds: dict[tuple[Any, ...], Reachable[Found]] = {}


def _kept(
    shapes: dict[tuple[Any, ...], Reachable[R]], key: tuple[Any, ...], build: Callable[[], Reachable[R]]
) -> Reachable[R]:
    query = shapes.get(key)
    if query is None:
        if len(shapes) >= _SHAPES:
            del shapes[next(iter(shapes))]
        query = shapes[key] = build()
    return query


def page_statement(selection: Selection, sort: CustomerSort, *, after: bool) -> Select[Any]:
    """The statement of a first page, or of one `after` a key."""
    down = sort.startswith("-")
    column = _COLUMNS[sort.lstrip("-")]
    statement = RECORD.where(*selection.conditions())
    if after:
        position = tuple_(bindparam("after_key", type_=column.type), bindparam("after_id", type_=_c.id.type))
        here = tuple_(column, _c.id)
        statement = statement.where(here < position if down else here > position)
    order = (column.desc(), _c.id.desc()) if down else (column, _c.id)
    return statement.order_by(*order).limit(bindparam("limit"))


async def page_of_customers(
    reader: Reader, reach: Reach, selection: Selection, sort: CustomerSort, after: list[Any] | None, limit: int
) -> Page[CustomerRecord]:
    """One page; `after` is the key of the last row of the page before, as `Page.after` gave it."""
    goes_on = after is not None
    query = _kept(
        _pages,
        (*selection.shape, sort, goes_on),
        lambda: Reachable(page_statement(selection, sort, after=goes_on), customers, make_record),
    )
    params = {**selection.params, **reach.params, "limit": limit + 1}
    by_name = sort.endswith("name")
    if after is not None:
        params["after_key"] = after[0] if by_name else from_micros(after[0])
        params["after_id"] = from_bytes(bytes.fromhex(after[1]))
    records = await query.of(reach).all(reader, **params)
    if len(records) <= limit:
        return Page(records)
    records = records[:limit]
    last = records[-1].row
    value = last.name_key if by_name else micros(getattr(last, sort.lstrip("-")))
    return Page(records, (value, last.id.hex))


class Found(NamedTuple):
    """A customer of a selection, and its place in the order of creation."""

    id: UUID
    created_at: datetime

    @property
    def key(self) -> list[Any]:
        """Its place, as `found_in` continues behind it."""
        return [micros(self.created_at), self.id.hex]


_BEGINNING: list[Any] = [-1, bytes(16).hex()]


async def found_in(
    reader: Reader, reach: Reach, selection: Selection, until: datetime, after: list[Any] | None, limit: int
) -> list[Found]:
    """The next customers of a selection that were there at `until`, in the order of creation."""
    query = _kept(_founds, selection.shape, lambda: Reachable(_found_statement(selection), customers, Found._make))
    at, place = after or _BEGINNING
    return await query.of(reach).all(
        reader,
        **selection.params,
        **reach.params,
        until=until,
        after_key=from_micros(at),
        after_id=from_bytes(bytes.fromhex(place)),
        limit=limit,
    )


def _found_statement(selection: Selection) -> Select[Any]:
    key, place = bindparam("after_key", type_=_c.created_at.type), bindparam("after_id", type_=_c.id.type)
    return (
        select(_c.id, _c.created_at)
        .where(
            *selection.conditions(),
            _c.created_at <= bindparam("until"),
            tuple_(_c.created_at, _c.id) > tuple_(key, place),
        )
        .order_by(_c.created_at, _c.id)
        .limit(bindparam("limit"))
    )


async def count_customers(reader: Reader, reach: Reach, selection: Selection, most: int = _MANY) -> Total:
    """How many customers a selection holds, exactly up to `most`."""
    query = _kept(
        _totals,
        selection.shape,
        lambda: Reachable(select(_c.id).where(*selection.conditions()), customers, _number, wrap=_counted),
    )
    found = await query.of(reach).first(reader, **selection.params, **reach.params, many=most + 1) or 0
    return Total(min(found, most), found <= most)


def _number(values: Iterable[Any]) -> int:
    return int(next(iter(values)))


def _counted(statement: Select[Any]) -> Select[Any]:
    return select(func.count()).select_from(statement.limit(bindparam("many")).subquery())
