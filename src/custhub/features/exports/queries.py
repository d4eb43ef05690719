"""Read statements over exports, and who is in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, literal_column, select

from custhub.features.consents.models import consent_states
from custhub.features.consents.rules import ConsentStatus
from custhub.features.customers.models import customer_emails, customers
from custhub.features.customers.queries.listing import Also
from custhub.features.exports.models import ExportPartRow, ExportRow, export_parts, exports
from custhub.features.exports.rules.purposes import REACHED_BY, Purpose
from custhub.features.phones.models import customer_phones
from custhub.jobs.models import jobs
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

__all__ = [
    "ExportPartRow",
    "ExportRow",
    "ExportStanding",
    "consenting",
    "contactable",
    "erased_since",
    "export_of",
    "exports_with",
    "page_of_exports",
]

_e, _p, _c = exports.c, export_parts.c, customers.c
_LAST: Final = UUID(int=2**128 - 1)
_ID_BYTES: Final = 16


class ExportStanding(NamedTuple):
    """An export, and the state of its job as long as that is kept."""

    row: ExportRow
    state: str | None


def _standing(values: Iterable[Any]) -> ExportStanding:
    *row, state = values
    return ExportStanding(ExportRow._make(row), state)


_STANDING = select(exports, jobs.c.state).select_from(exports.outerjoin(jobs, jobs.c.id == _e.id))
_ONE = Query(_STANDING.where(_e.id == bindparam("id")), _standing)
_PAGE = Query(
    _STANDING.where(_e.actor_id == bindparam("owner"), _e.id < bindparam("before", type_=_e.id.type))
    .order_by(_e.id.desc())
    .limit(bindparam("limit")),
    _standing,
)
_id = bindparam("customer_id", type_=_p.first_id.type)
_PARTS_AROUND = Query(select(export_parts).where(_p.first_id <= _id, _p.last_id >= _id), ExportPartRow._make)
_ERASED = Query(
    select(_c.id).where(_c.updated_at >= bindparam("since"), _c.erased_at.is_not(None)),
    tuple,
    everyone="an export leaves out whoever was erased while it was written; nobody is told",
)


_POINTS: Final[dict[str, Table]] = {"phones": customer_phones, "emails": customer_emails}
_GRANTED: Final = exists(
    select(literal_column("1")).where(
        consent_states.c.customer_id == _c.id,
        consent_states.c.purpose == bindparam("for_purpose"),
        consent_states.c.channel == bindparam("for_channel"),
        consent_states.c.status == literal_column(f"'{ConsentStatus.GRANTED.value}'"),
    )
).correlate(customers)


def consenting(purpose: Purpose) -> Also:
    """Those whose consent to this is granted now."""
    return Also("consenting", lambda: [_GRANTED], _bound(purpose))


def contactable(purpose: Purpose) -> Also:
    """Those of them who have a number or an address for the channel that is not suppressed."""
    kind = REACHED_BY.get(purpose.channel)
    if kind is None:
        return consenting(purpose)
    return Also(f"contactable by {kind}", lambda: [_GRANTED, _with_point(_POINTS[kind])], _bound(purpose))


def _bound(purpose: Purpose) -> dict[str, Any]:
    return {"for_purpose": purpose.name, "for_channel": purpose.channel}


def _with_point(table: Table) -> ColumnElement[bool]:
    own: Select[Any] = select(literal_column("1")).where(table.c.customer_id == _c.id, table.c.suppressed_by.is_(None))
    return exists(own).correlate(customers)


async def export_of(reader: Reader, export_id: UUID) -> ExportStanding | None:
    """One export."""
    return await _ONE.first(reader, id=export_id)


async def page_of_exports(reader: Reader, owner: UUID, before: list[Any] | None, limit: int) -> Page[ExportStanding]:
    """Exports of one caller, newest first."""
    place = _LAST if before is None else from_bytes(bytes.fromhex(before[0]))
    found = await _PAGE.all(reader, owner=owner, before=place, limit=limit + 1)
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].row.id.hex,))


async def exports_with(reader: Reader, customer_id: UUID) -> set[UUID]:
    """The exports whose files hold this customer."""
    parts = await _PARTS_AROUND.all(reader, customer_id=customer_id)
    return {part.export_id for part in parts if _holds(part.ids, customer_id)}


async def erased_since(reader: Reader, since: datetime) -> list[UUID]:
    """Who was erased since then."""
    return [row[0] for row in await _ERASED.all(reader, since=since)]


def _holds(ids: bytes, customer_id: UUID) -> bool:
    wanted, at = customer_id.bytes, 0
    while (at := ids.find(wanted, at)) >= 0:
        if at % _ID_BYTES == 0:
            return True
        at += 1
    return False
