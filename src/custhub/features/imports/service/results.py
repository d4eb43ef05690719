"""What became of rows, read from where many are kept together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.imports.models import BatchRow, ImportRow
from custhub.features.imports.queries import batches_from
from custhub.features.imports.rules.outcomes import Outcome, unpack
from custhub.kit.paging import Page
from custhub.kit.query import Reader

_BATCHES: Final = 20
_HAZARDOUS: Final = ("=", "+", "-", "@", "\t", "\r")


class RowResult(NamedTuple):
    """One row: its number in the file, what became of it, and why not: [column, field, code]."""

    number: int
    outcome: Outcome
    customer_id: UUID | None
    faults: Sequence[Sequence[Any]]


async def page_of_rows(
    reader: Reader, row: ImportRow, outcome: Outcome | None, after: int, limit: int
) -> Page[RowResult]:
    """Rows from this place on, in the order of the file."""
    found: list[RowResult] = []
    async for batch in _batches(reader, row, after, failed=outcome is Outcome.FAILED):
        if outcome is not None and outcome not in batch.outcomes[::17]:
            continue
        faults = _by_place(batch)
        for place, (was, customer) in enumerate(unpack(batch.outcomes)):
            at = batch.first + place
            if at < after or (outcome is not None and was is not outcome):
                continue
            if len(found) == limit:
                return Page(found, (at,))
            found.append(RowResult(number_of(row, at), was, customer, faults.get(place, ())))
    return Page(found)


async def error_report(reader: Reader, row: ImportRow) -> AsyncIterator[bytes]:
    """The refused rows as CSV: number, column, field, code. Never a value (S-108)."""
    yield b"row,column,field,code\r\n"
    columns = row.layout["columns"] if row.layout is not None else []
    async for batch in _batches(reader, row, 0, failed=True):
        lines = []
        for place, column, field, code in batch.faults:
            name = columns[column] if 0 <= column < len(columns) else ""
            cells = (str(number_of(row, batch.first + place)), name, field, code)
            lines.append(",".join(map(_cell, cells)))
        yield ("\r\n".join(lines) + "\r\n").encode()
        await asyncio.sleep(0)


def number_of(row: ImportRow, place: int) -> int:
    """The number of a row in its file, as a spreadsheet counts."""
    return place + 1 + bool(row.layout is not None and row.layout["has_header"])


async def _batches(reader: Reader, row: ImportRow, after: int, *, failed: bool) -> AsyncIterator[BatchRow]:
    while True:
        found = await batches_from(reader, row.id, after, _BATCHES, failed=failed)
        for batch in found:
            yield batch
        if len(found) < _BATCHES:
            return
        after = found[-1].first + found[-1].rows
        await asyncio.sleep(0)


def _by_place(batch: BatchRow) -> dict[int, list[Sequence[Any]]]:
    faults: dict[int, list[Sequence[Any]]] = {}
    for place, *fault in batch.faults:
        faults.setdefault(place, []).append(fault)
    return faults


def _cell(text: str) -> str:
    if text.startswith(_HAZARDOUS):
        text = "'" + text
    if any(character in text for character in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
