"""Read statements over scans, figures and the policy: they are about all customers, and name none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select

from custhub.features.quality.models import (
    FiguresRow,
    PolicyRow,
    ScanRow,
    findings,
    quality_figures,
    quality_scans,
    verification_policy,
)
from custhub.jobs.models import jobs
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

_s, _g, _f = quality_scans.c, quality_figures.c, findings.c
_WIDTH: Final = len(ScanRow._fields)
_LAST: Final = UUID(int=2**128 - 1)
_POLICY_ID: Final = 1


class ScanStanding(NamedTuple):
    """A scan, and the state of its job as long as that is kept."""

    row: ScanRow
    state: str | None


def _standing(values: Iterable[Any]) -> ScanStanding:
    values = list(values)
    return ScanStanding(ScanRow._make(values[:_WIDTH]), values[_WIDTH])


_STANDING: Final = select(quality_scans, jobs.c.state).select_from(quality_scans.outerjoin(jobs, jobs.c.id == _s.id))
_ONE: Final = Query(_STANDING.where(_s.id == bindparam("id")), _standing)
_PAGE: Final = Query(
    _STANDING.where(_s.id < bindparam("before", type_=_s.id.type)).order_by(_s.id.desc()).limit(bindparam("limit")),
    _standing,
)
_UNFINISHED: Final = Query(_STANDING.where(_s.finished_at.is_(None)).order_by(_s.id).limit(100), _standing)
_FIGURES: Final = Query(
    select(quality_figures)
    .where(
        _g.day >= bindparam("since", type_=_g.day.type),
        _g.day <= bindparam("until", type_=_g.day.type),
        _g.day < bindparam("before", type_=_g.day.type),
    )
    .order_by(_g.day.desc())
    .limit(bindparam("limit")),
    FiguresRow._make,
)
_DAY: Final = Query(select(quality_figures).where(_g.day == bindparam("day", type_=_g.day.type)), FiguresRow._make)
_COUNTS: Final = Query(
    select(_f.kind, _f.state, func.count()).group_by(_f.kind, _f.state),
    tuple,
    everyone="counts over all customers; none is told",
)
_POLICY: Final = Query(select(verification_policy).where(verification_policy.c.id == _POLICY_ID), PolicyRow._make)


async def scan_of(reader: Reader, scan_id: UUID) -> ScanStanding | None:
    """One scan."""
    return await _ONE.first(reader, id=scan_id)


async def unfinished_scans(reader: Reader) -> list[ScanStanding]:
    """Those that have not come to their end."""
    return await _UNFINISHED.all(reader)


async def page_of_scans(reader: Reader, before: list[Any] | None, limit: int) -> Page[ScanStanding]:
    """Scans, newest first."""
    place = _LAST if before is None else from_bytes(bytes.fromhex(before[0]))
    found = await _PAGE.all(reader, before=place, limit=limit + 1)
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].row.id.hex,))


async def page_of_figures(
    reader: Reader, since: date | None, until: date | None, before: list[Any] | None, limit: int
) -> Page[FiguresRow]:
    """Figures day by day, newest first."""
    found = await _FIGURES.all(
        reader,
        since=since or date.min,
        until=until or date.max,
        before=date.max if before is None else date.fromisoformat(before[0]),
        limit=limit + 1,
    )
    return Page(found) if len(found) <= limit else Page(found[:limit], (found[limit - 1].day.isoformat(),))


async def figures_of(reader: Reader, day: date) -> FiguresRow | None:
    """The figures of a day."""
    return await _DAY.first(reader, day=day)


async def finding_counts(reader: Reader) -> Mapping[str, Mapping[str, int]]:
    """How many findings there are, {kind: {state: count}}."""
    found: dict[str, dict[str, int]] = {}
    for kind, state, count in await _COUNTS.all(reader):
        found.setdefault(kind, {})[state] = count
    return found


async def stored_policy(reader: Reader) -> PolicyRow:
    """The policy; a hub always has one."""
    row = await _POLICY.first(reader)
    assert row is not None  # noqa: S101  # the migration made it
    return row
