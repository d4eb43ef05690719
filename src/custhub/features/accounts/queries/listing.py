"""Pages in the order of ids, which is that of creation; each set of filters is compiled when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, bindparam

from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

R = TypeVar("R")


class Listing(Generic[R]):
    """One collection with its filters; `key` gives the id of a row."""

    def __init__(
        self,
        statement: Select[Any],
        id_column: Column[Any],
        make: Callable[[Iterable[Any]], R],
        key: Callable[[R], UUID],
        filters: Mapping[str, ColumnElement[bool]],
    ) -> None:
        self._statement = statement
        self._id = id_column
        self._make = make
        self._key = key
        self._filters = filters
        self._variants: dict[tuple[Any, ...], Query[R]] = {}

    async def page(self, reader: Reader, filters: Mapping[str, Any], after: list[Any] | None, limit: int) -> Page[R]:
        """One page of rows that meet every filter; `after` is the key of the page before."""
        variant = (*sorted(filters), after is not None)
        query = self._variants.get(variant)
        if query is None:
            query = self._variants[variant] = self._compile(filters, after=after is not None)
        params = dict(filters)
        if after is not None:
            params["after"] = from_bytes(bytes.fromhex(after[0]))
        rows = await query.all(reader, **params, limit=limit + 1)
        if len(rows) <= limit:
            return Page(rows)
        rows = rows[:limit]
        return Page(rows, (self._key(rows[-1]).hex,))

    def _compile(self, filters: Mapping[str, Any], *, after: bool) -> Query[R]:
        statement = self._statement.where(*(self._filters[name] for name in sorted(filters)))
        if after:
            statement = statement.where(self._id > bindparam("after", type_=self._id.type))
        return Query(statement.order_by(self._id).limit(bindparam("limit")), self._make)
