"""Read statements over pairs: both customers have to be within the reach of who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, tuple_

from custhub.features.customers.models import customers
from custhub.features.duplicates.models import DuplicateRow, duplicates
from custhub.features.duplicates.rules import UNDECIDED
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

_d = duplicates.c
_left, _right = customers.alias("left_customer"), customers.alias("right_customer")
_WIDTH: Final = len(DuplicateRow._fields)
_WHY: Final = "scans compare all customers and tell nobody; what they find is read within reach"


class PairRecord(NamedTuple):
    """A pair with the revisions of its customers as they are now."""

    row: DuplicateRow
    left_now: int
    right_now: int

    @property
    def is_outdated(self) -> bool:
        """Whether one of the two changed since they were compared."""
        return (self.row.left_revision, self.row.right_revision) != (self.left_now, self.right_now)


def _record(values: Iterable[Any]) -> PairRecord:
    values = list(values)
    return PairRecord(DuplicateRow._make(values[:_WIDTH]), *values[_WIDTH:])


_LIVE: Final = and_(
    *(one.c[name].is_(None) for one in (_left, _right) for name in ("archived_at", "merged_into", "erased_at"))
)
_RECORD: Final = (
    select(duplicates, _left.c.revision, _right.c.revision.label("right_now"))
    .select_from(duplicates.join(_left, _left.c.id == _d.left_id).join(_right, _right.c.id == _d.right_id))
    # A pair that waits for a decision has two live customers; of what was decided one may be absorbed.
    .where(
        _left.c.erased_at.is_(None),
        _right.c.erased_at.is_(None),
        or_(and_(*(_d.state != state.value for state in UNDECIDED)), _LIVE),
    )
)  # fmt: skip
_BY_ID: Final = Reachable(_RECORD.where(_d.id == bindparam("id")), _left, _record, also=[_right])
_FILTERS: Final[Mapping[str, Callable[[], ColumnElement[bool]]]] = {
    "state": lambda: _d.state == bindparam("state"),
    "suggested": lambda: _d.suggested == bindparam("suggested"),
    "decision": lambda: _d.decision == bindparam("decision"),
    "total_gte": lambda: _d.total >= bindparam("total_gte"),
    "total_lt": lambda: _d.total < bindparam("total_lt"),
    "contradiction": lambda: _d.has_contradiction == bindparam("contradiction", type_=_d.has_contradiction.type),
    "cluster_id": lambda: _d.cluster_id == bindparam("cluster_id", type_=_d.cluster_id.type),
    "customer_id": lambda: or_(
        *(column == bindparam("customer_id", type_=column.type) for column in (_d.left_id, _d.right_id))
    ),
}
_pages: dict[tuple[frozenset[str], bool], Reachable[PairRecord]] = {}


class PairFilter(NamedTuple):
    """Which pairs; totals in thousandths of a bit."""

    state: str | None = None
    suggested: str | None = None
    decision: str | None = None
    total_gte: int | None = None
    total_lt: int | None = None
    contradiction: bool | None = None
    cluster_id: UUID | None = None
    customer_id: UUID | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What is bound: only what was asked for."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def _page(names: frozenset[str], after: bool) -> Reachable[PairRecord]:
    statement = _RECORD.where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        place = (bindparam("after_total", type_=_d.total.type), bindparam("after_id", type_=_d.id.type))
        statement = statement.where(tuple_(_d.total, _d.id) < tuple_(*place))
    ordered = statement.order_by(_d.total.desc(), _d.id.desc()).limit(bindparam("limit"))
    return Reachable(ordered, _left, _record, also=[_right])


async def pair_by_id(reader: Reader, reach: Reach, duplicate_id: UUID) -> PairRecord | None:
    """One pair within reach."""
    return await _BY_ID.of(reach).first(reader, id=duplicate_id, **reach.params)


async def page_of_pairs(
    reader: Reader, reach: Reach, chosen: PairFilter, after: Sequence[Any] | None, limit: int
) -> Page[PairRecord]:
    """Pairs, the surest first."""
    params = chosen.params
    shape = frozenset(params), after is not None
    query = _pages.get(shape)
    if query is None:
        query = _pages[shape] = _page(*shape)
    if after is not None:
        params |= {"after_total": after[0], "after_id": from_bytes(bytes.fromhex(after[1]))}
    found = await query.of(reach).all(reader, **params, **reach.params, limit=limit + 1)
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1].row
    return Page(found[:limit], (last.total, last.id.hex))


_c = customers.c


class LiveCustomer(NamedTuple):
    """A customer that may have a duplicate."""

    id: UUID
    revision: int


_LIVE_CUSTOMERS: Final = Query(
    select(_c.id, _c.revision)
    .where(
        _c.id > bindparam("after", type_=_c.id.type),
        _c.archived_at.is_(None),
        _c.merged_into.is_(None),
        _c.erased_at.is_(None),
    )
    .order_by(_c.id)
    .limit(bindparam("limit")),
    LiveCustomer._make,
    everyone=_WHY,
)
_OF_LEFT: Final = Query(select(duplicates).where(any_of(_d.left_id, "ids")), DuplicateRow._make, everyone=_WHY)
_ORIGINS: Final = Query(select(_c.id, _c.provenance).where(any_of(_c.id, "ids")), tuple, everyone=_WHY)


async def live_customers(reader: Reader, after: UUID, limit: int) -> list[LiveCustomer]:
    """The live customers behind this id."""
    return await _LIVE_CUSTOMERS.all(reader, after=after, limit=limit)


async def known_pairs(reader: Reader, left_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], DuplicateRow]:
    """What is stored of the pairs whose left customers are these."""
    rows = await _OF_LEFT.all(reader, ids=list(left_ids)) if left_ids else []
    return {(row.left_id, row.right_id): row for row in rows}


async def origins_of(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any] | None]:
    """Where the values of these customers come from, as it is stored."""
    return dict(await _ORIGINS.all(reader, ids=list(ids)))
