"""Pages of customers for exports: the record and each kind of part by a statement of its own, a thousand at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, bindparam, func, select, tuple_

from custhub.crypto.models import customer_keys
from custhub.features.customers.models import (
    customer_addresses,
    customer_contacts,
    customer_emails,
    customer_external_ids,
    customer_tags,
    customers,
)
from custhub.features.customers.queries.listing import Selection
from custhub.features.phones.models import customer_phones
from custhub.kit.db import EngineName, Row, from_micros, micros
from custhub.kit.ids import from_bytes
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

_WHY: Final = "the ids are those of a page that was read with its reach"
#: What no file shows.
_LEFT_OUT: Final = frozenset({"name_key", "provenance", "revision", "merged_into", "erased_at"})
#: Columns of a record, in the order of its row; its data key stands behind them.
RECORD_COLUMNS: Final = tuple(column.name for column in customers.columns if column.name not in _LEFT_OUT)
#: Kinds of parts: the columns that are read of each, after whose it is.
PART_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "phones": ("id", "is_primary", "e164", "label", "kind", "shared", "expires_at", "country"),
    "emails": ("id", "is_primary", "email", "label"),
    "addresses": (
        "id", "is_primary", "street", "spans", "label", "country", "province", "city", "district", "division_code",
        "postcode",
    ),
    "contacts": ("id", "is_primary", "name", "job_title", "department", "spans", "email", "person_id"),
    "external_ids": ("id", "source", "external_id"),
    "tags": ("tag_key", "tag"),
}  # fmt: skip
_TABLES: Final[Mapping[str, Table]] = {
    "phones": customer_phones,
    "emails": customer_emails,
    "addresses": customer_addresses,
    "contacts": customer_contacts,
    "external_ids": customer_external_ids,
    "tags": customer_tags,
}
_c, _k = customers.c, customer_keys.c
_RECORDS: Final = select(*(_c[name] for name in RECORD_COLUMNS), _k.dek_version, _k.wrapped).select_from(
    customers.outerjoin(customer_keys, _k.customer_id == _c.id)
)
#: Customers of a page. Each of their ids is a parameter: SQLite would unpack a list of them for every kind of part.
PAGE_ROWS: Final = 1_000
_PLACES: Final = [f"i{n}" for n in range(PAGE_ROWS)]


def _parts(table: Table, names: Sequence[str], *also: ColumnElement[bool]) -> dict[EngineName, Query[Any]]:
    owner = table.c.customer_id
    one_by_one = owner.in_([bindparam(place, type_=owner.type) for place in _PLACES])
    wheres: dict[EngineName, Any] = {"sqlite": one_by_one, "postgresql": any_of(owner, "ids")}
    columns = [table.c[name] for name in ("customer_id", *names)]
    return {
        engine: Query(select(*columns).where(where, *also), tuple, everyone=_WHY) for engine, where in wheres.items()
    }


_PARTS: Final = {kind: _parts(_TABLES[kind], names) for kind, names in PART_COLUMNS.items()}
#: Those that somebody may be contacted by.
_CONTACTABLE: Final = _PARTS | {
    kind: _parts(table, PART_COLUMNS[kind], table.c.suppressed_by.is_(None))
    for kind, table in (("phones", customer_phones), ("emails", customer_emails))
}
_x = customer_external_ids.c
_NEXT_SOURCE: Final = Query(
    select(func.min(_x.source)).where(_x.source > bindparam("after")),
    tuple,
    everyone="which sources there are is the same for everyone; no customer is told",
)
_CREATED, _ID = RECORD_COLUMNS.index("created_at"), RECORD_COLUMNS.index("id")
_BEGINNING: Final[list[Any]] = [-1, bytes(16).hex()]
_MOST_SOURCES: Final = 30


class SheetPage(NamedTuple):
    """One page as the driver of its engine gives it: converting every value would take longer than reading it."""

    records: Sequence[Row]
    parts: Mapping[str, Sequence[Row]]
    #: Of 16 bytes each.
    ids: Sequence[bytes]
    after: list[Any] | None


class SheetQuery:
    """Pages of one selection for one caller."""

    def __init__(
        self, selection: Selection, reach: Reach, until: datetime, kinds: Iterable[str], *, contactable: bool = False
    ) -> None:
        """`contactable` leaves out numbers and addresses that are on the suppression list."""
        self._parts = _CONTACTABLE if contactable else _PARTS
        self._query = Reachable(_statement(selection), customers, tuple).of(reach)
        self._params = {**selection.params, **reach.params, "until": until}
        self._kinds = tuple(kinds)

    async def page(self, reader: Reader, after: list[Any] | None) -> SheetPage:
        """The next customers in the order of creation, those that were there at `until`."""
        at, place = after or _BEGINNING
        key = {"after_key": from_micros(at), "after_id": from_bytes(bytes.fromhex(place)), "limit": PAGE_ROWS}
        text = self._query.text(reader.dialect)
        records = await reader.fetch(text.sql, text.values(self._params | key))
        if not records:
            return SheetPage(records, {}, (), None)
        last = text.row(records[-1])
        ids = [row[_ID] for row in records]
        asked = [*ids, *[None] * (len(_PLACES) - len(ids))] if reader.name == "sqlite" else [ids]
        parts = {}
        for kind in self._kinds:
            # The ids are all that it binds, and go as they came.
            sql = self._parts[kind][reader.name].text(reader.dialect).sql
            parts[kind] = await reader.fetch(sql, asked)
        if reader.name != "sqlite":
            ids = [customer_id.bytes for customer_id in ids]
        return SheetPage(records, parts, ids, [micros(last[_CREATED]), last[_ID].hex])


async def external_sources_in_use(reader: Reader) -> list[str]:
    """Sources of which somebody has an id, at most 30: each found by the index, not by reading all ids."""
    found: list[str] = []
    while len(found) < _MOST_SOURCES:
        row = await _NEXT_SOURCE.first(reader, after=found[-1] if found else "")
        if row is None or row[0] is None:
            return found
        found.append(row[0])
    return found


def _statement(selection: Selection) -> Select[Any]:
    key, place = bindparam("after_key", type_=_c.created_at.type), bindparam("after_id", type_=_c.id.type)
    return (
        _RECORDS.where(
            *selection.conditions(),
            _c.created_at <= bindparam("until"),
            tuple_(_c.created_at, _c.id) > tuple_(key, place),
        )
        .order_by(_c.created_at, _c.id)
        .limit(bindparam("limit"))
    )
