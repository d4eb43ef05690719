"""Read statements over findings, within the reach of who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, select

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.customers.models import customers
from custhub.features.quality.models import FindingRow, findings
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

__all__ = ["FindingRow"]

_f = findings.c
_WIDTH = len(FindingRow._fields)


class FindingRecord(NamedTuple):
    """A finding with the wrapped data key of its customer, None where that is gone."""

    row: FindingRow
    dek_version: int | None
    wrapped_dek: bytes | None


def _record(values: Iterable[Any]) -> FindingRecord:
    values = list(values)
    return FindingRecord(FindingRow._make(values[:_WIDTH]), *values[_WIDTH:])


_RECORD = (
    select(findings, customer_keys.c.dek_version, customer_keys.c.wrapped)
    .select_from(
        findings.join(customers, customers.c.id == _f.customer_id).outerjoin(
            customer_keys, customer_keys.c.customer_id == _f.customer_id
        )
    )
)  # fmt: skip
_BY_ID = Reachable(_RECORD.where(_f.id == bindparam("id")), customers, _record)
_FILTERS: Final[Mapping[str, Callable[[], ColumnElement[bool]]]] = {
    "state": lambda: _f.state == bindparam("state"),
    "customer_id": lambda: _f.customer_id == bindparam("customer_id", type_=_f.customer_id.type),
    "kind": lambda: _f.kind == bindparam("kind"),
    "severity": lambda: _f.severity == bindparam("severity"),
    "fixable": lambda: case((_f.fix.is_(None), 0), else_=1) == bindparam("fixable"),
}
_pages: dict[tuple[frozenset[str], bool], Reachable[FindingRecord]] = {}


class FindingFilter(NamedTuple):
    """Which findings."""

    state: str | None = None
    customer_id: UUID | None = None
    kind: str | None = None
    severity: str | None = None
    fixable: bool | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What is bound: only what was asked for."""
        given = {name: value for name, value in self._asdict().items() if value is not None}
        return given | ({} if self.fixable is None else {"fixable": int(self.fixable)})


def _page(names: frozenset[str], after: bool) -> Reachable[FindingRecord]:
    statement = _RECORD.where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        statement = statement.where(_f.id < bindparam("after", type_=_f.id.type))
    return Reachable(statement.order_by(_f.id.desc()).limit(bindparam("limit")), customers, _record)


_WHY = "written by whoever changes the customer, whose reach was checked; merges and erasure act on all of it"
_OF_CUSTOMER = Query(
    select(findings).where(_f.customer_id == bindparam("customer_id")).order_by(_f.id), FindingRow._make, everyone=_WHY
)
_OF_CUSTOMERS = Query(
    select(findings).where(any_of(_f.customer_id, "ids")).order_by(_f.customer_id, _f.id),
    FindingRow._make,
    everyone=_WHY,
)
_OF_SOURCE = Query(
    select(findings)
    .where(
        _f.customer_id == bindparam("customer_id"),
        _f.kind == bindparam("kind"),
        _f.source == bindparam("source"),
    )
    .order_by(_f.id),
    FindingRow._make,
    everyone=_WHY,
)
_AMONG = Query(
    select(findings).where(any_of(_f.id, "ids")).order_by(_f.id).with_for_update(), FindingRow._make, everyone=_WHY
)
_KEYS = Query(
    select(customer_keys).where(customer_keys.c.customer_id == bindparam("customer_id")),
    CustomerKey._make,
    everyone=_WHY,
)


async def finding_by_id(reader: Reader, reach: Reach, finding_id: UUID) -> FindingRecord | None:
    """One finding within reach."""
    return await _BY_ID.of(reach).first(reader, id=finding_id, **reach.params)


async def page_of_findings(
    reader: Reader, reach: Reach, chosen: FindingFilter, after: Sequence[Any] | None, limit: int
) -> Page[FindingRecord]:
    """Findings, newest first."""
    params = chosen.params
    shape = frozenset(params), after is not None
    query = _pages.get(shape)
    if query is None:
        query = _pages[shape] = _page(*shape)
    if after is not None:
        params["after"] = UUID(hex=after[0])
    found = await query.of(reach).all(reader, **params, **reach.params, limit=limit + 1)
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].row.id.hex,))


async def findings_among(reader: Reader, ids: Sequence[UUID]) -> list[FindingRow]:
    """These findings, locked until the end of the transaction."""
    return await _AMONG.all(reader, ids=list(ids)) if ids else []


async def findings_of(reader: Reader, customer_id: UUID) -> list[FindingRow]:
    """All findings of a customer, oldest first."""
    return await _OF_CUSTOMER.all(reader, customer_id=customer_id)


async def findings_of_all(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, list[FindingRow]]:
    """`findings_of` each of these customers that has any."""
    found: dict[UUID, list[FindingRow]] = {}
    for row in await _OF_CUSTOMERS.all(reader, ids=sorted(ids)):
        found.setdefault(row.customer_id, []).append(row)
    return found


async def findings_of_source(reader: Reader, customer_id: UUID, kind: str, source: str) -> list[FindingRow]:
    """The findings of one kind about what one source said of a customer, oldest first."""
    return await _OF_SOURCE.all(reader, customer_id=customer_id, kind=kind, source=source)


async def data_key_of(reader: Reader, customer_id: UUID) -> CustomerKey | None:
    """The wrapped data key of a customer."""
    return await _KEYS.first(reader, customer_id=customer_id)
