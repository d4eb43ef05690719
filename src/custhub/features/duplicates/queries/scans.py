"""Read statements over scans and the settings: they are about all customers, and name none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.features.duplicates.models import DuplicateScanRow, SettingsRow, duplicate_scans, duplicate_settings
from custhub.jobs.models import jobs
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader

_s = duplicate_scans.c
_WIDTH: Final = len(DuplicateScanRow._fields)
_LAST: Final = UUID(int=2**128 - 1)
_SETTINGS_ID: Final = 1


class ScanStanding(NamedTuple):
    """A scan, and the state of its job as long as that is kept."""

    row: DuplicateScanRow
    state: str | None


def _standing(values: Iterable[Any]) -> ScanStanding:
    values = list(values)
    return ScanStanding(DuplicateScanRow._make(values[:_WIDTH]), values[_WIDTH])


_STANDING: Final = select(duplicate_scans, jobs.c.state).select_from(
    duplicate_scans.outerjoin(jobs, jobs.c.id == _s.id)
)
_ONE: Final = Query(_STANDING.where(_s.id == bindparam("id")), _standing)
_PAGE: Final = Query(
    _STANDING.where(_s.id < bindparam("before", type_=_s.id.type)).order_by(_s.id.desc()).limit(bindparam("limit")),
    _standing,
)
_UNFINISHED: Final = Query(_STANDING.where(_s.finished_at.is_(None)).order_by(_s.id).limit(100), _standing)
_SETTINGS: Final = Query(select(duplicate_settings).where(duplicate_settings.c.id == _SETTINGS_ID), SettingsRow._make)


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


async def stored_settings(reader: Reader) -> SettingsRow:
    """The settings; a hub always has them."""
    row = await _SETTINGS.first(reader)
    assert row is not None  # noqa: S101  # the migration made it
    return row
