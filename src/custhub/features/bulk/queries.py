"""Read statements over bulk actions and what became of their customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select

from custhub.features.bulk.models import BulkActionRow, BulkCustomerRow, bulk_action_rows, bulk_actions
from custhub.jobs.models import jobs
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

__all__ = [
    "BulkActionRow",
    "BulkCustomerRow",
    "BulkStanding",
    "bulk_action",
    "page_of_bulk_actions",
    "page_of_rows",
    "rows_to_undo",
]

_a, _r = bulk_actions.c, bulk_action_rows.c
_WIDTH = len(BulkActionRow._fields)
_FIRST = bytes(16)
_LAST = UUID(int=2**128 - 1)
_EVERYONE = "who sees a bulk action sees which customers it named; nothing of them is shown"


class BulkStanding(NamedTuple):
    """A bulk action, and the states of its jobs as long as those are kept."""

    row: BulkActionRow
    state: str | None
    undo_state: str | None


def _standing(values: Any) -> BulkStanding:
    values = list(values)
    return BulkStanding(BulkActionRow._make(values[:_WIDTH]), *values[_WIDTH:])


_job, _undo = jobs.alias("job"), jobs.alias("undo")
_STANDING = select(bulk_actions, _job.c.state, _undo.c.state.label("undo_state")).select_from(
    bulk_actions.outerjoin(_job, _job.c.id == _a.id).outerjoin(_undo, _undo.c.id == _a.undo_job_id)
)
_ONE = Query(_STANDING.where(_a.id == bindparam("id")), _standing)
_PAGE = _STANDING.where(_a.id < bindparam("before", type_=_a.id.type)).order_by(_a.id.desc()).limit(bindparam("limit"))
_OWN_PAGE = Query(_PAGE.where(_a.actor_id == bindparam("owner", type_=_a.actor_id.type)), _standing)
_ANY_PAGE = Query(_PAGE, _standing)


async def bulk_action(reader: Reader, action_id: UUID) -> BulkStanding | None:
    """One bulk action."""
    return await _ONE.first(reader, id=action_id)


async def page_of_bulk_actions(
    reader: Reader, owner: UUID | None, before: list[Any] | None, limit: int
) -> Page[BulkStanding]:
    """Bulk actions of one caller, or of all for None, newest first."""
    place = _LAST if before is None else from_bytes(bytes.fromhex(before[0]))
    params: dict[str, Any] = {"before": place, "limit": limit + 1}
    found = await (_ANY_PAGE.all(reader, **params) if owner is None else _OWN_PAGE.all(reader, owner=owner, **params))
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].row.id.hex,))


def _rows(*conditions: ColumnElement[bool]) -> Query[BulkCustomerRow]:
    after = _r.customer_id > bindparam("after", type_=_r.customer_id.type)
    statement = select(bulk_action_rows).where(_r.bulk_action_id == bindparam("id"), after, *conditions)
    return Query(
        statement.order_by(_r.customer_id).limit(bindparam("limit")), BulkCustomerRow._make, everyone=_EVERYONE
    )


_OUTCOME = _r.outcome == bindparam("outcome")
_UNDO = _r.undo_outcome == bindparam("undo_outcome")
_PAGES = {
    (outcome, undo): _rows(*(condition for condition, asked in ((_OUTCOME, outcome), (_UNDO, undo)) if asked))
    for outcome in (False, True)
    for undo in (False, True)
}
_TO_UNDO = _rows(_r.outcome == "changed", _r.undo_outcome.is_(None))


async def page_of_rows(
    reader: Reader, action_id: UUID, outcome: str | None, undo: str | None, after: list[Any] | None, limit: int
) -> Page[BulkCustomerRow]:
    """What became of its customers, by their ids."""
    query = _PAGES[outcome is not None, undo is not None]
    place = from_bytes(_FIRST if after is None else bytes.fromhex(after[0]))
    params = {"id": action_id, "after": place, "limit": limit + 1, "outcome": outcome, "undo_outcome": undo}
    rows = await query.all(reader, **params)
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].customer_id.hex,))


async def rows_to_undo(reader: Reader, action_id: UUID, after: UUID | None, limit: int) -> Sequence[BulkCustomerRow]:
    """The next customers that it changed and that no undo has looked at."""
    return await _TO_UNDO.all(reader, id=action_id, after=after or from_bytes(_FIRST), limit=limit)
