"""The job: page after page into a stored file, sealed while it is written. Memory holds a page or two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from custhub.crypto.files import FileWriter, StoredFiles
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.listing import Selection, count_customers
from custhub.features.customers.queries.sheets import SheetPage, SheetQuery, external_sources_in_use
from custhub.features.customers.rules.sheets import Column, parse_column, usual_columns
from custhub.features.customers.service.sheets import Rendered, Sheet, readable_columns
from custhub.features.exports.errors import ExportNotFound
from custhub.features.exports.events import ExportCompleted
from custhub.features.exports.queries import (
    ExportPartRow,
    ExportRow,
    consenting,
    contactable,
    erased_since,
    export_of,
    exports_with,
)
from custhub.features.exports.repository import WRITTEN_WITHIN, ExportRepository
from custhub.features.exports.rules.forms import Csv, Form, Ndjson
from custhub.features.exports.rules.purposes import LeftOut, Purpose
from custhub.features.exports.rules.workbook import Workbook
from custhub.features.exports.service.starting import kind_of, selection_of
from custhub.features.fields.rules import Access
from custhub.features.fields.service.catalogue import FieldCatalogue, access_of
from custhub.jobs.work import JobWork
from custhub.kit.clock import Clock
from custhub.kit.db import Database, DatabaseUnavailable
from custhub.kit.ids import from_bytes
from custhub.kit.reading import LongRead, long_read
from custhub.kit.uow import Note
from custhub.kit.writes import LostRace
from custhub.security.standing import restored

_FORMS: Final[dict[str, Callable[[], Form]]] = {"csv": Csv, "xlsx": Workbook, "ndjson": Ndjson}
#: Progress is that fresh (J-6).
_TOLD_SECONDS: Final = 1.0
_COUNTED: Final = 100_000_000


class Parts(NamedTuple):
    """What the job works with."""

    database: Database
    keys: LiveKeys
    clock: Clock
    files: StoredFiles
    catalogue: FieldCatalogue
    lifetime: timedelta


class ExportRun:
    """One run. What a run before it had written is left to the purge: a file is written in one go."""

    def __init__(self, parts: Parts, work: JobWork, row: ExportRow) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._who = restored(row.access)
        self._purpose = Purpose.of(row.selection)
        self._form = _FORMS[row.format]()
        self._pages: list[ExportPartRow] = []
        self._number = 0
        self._customers = self._cut = 0

    async def run(self) -> None:
        """Write the file and say that it is there."""
        parts, who = self._parts, self._who
        await parts.catalogue.follow(parts.database)
        access = access_of(parts.catalogue.value, who)
        selection = selection_of(self._row.selection, access)
        if self._purpose is not None:
            selection = selection._replace(also=contactable(self._purpose))
        async with long_read(parts.database) as reads:
            columns = await self._columns(reads, access)
            sheet = Sheet(
                columns, parts.keys.cipher, who.policy, access, parts.database.name, unmasked=self._row.is_unmasked
            )
            writer = await self._begin(reads, selection)
            await writer.write(self._form.head([column.name for column in sheet.columns]))
            await self._write(reads, selection, sheet, writer)
        await writer.write(self._form.tail())
        await self._finish(writer)

    async def _columns(self, reads: LongRead, access: Access) -> Sequence[Column]:
        names = self._row.columns
        if names is not None:
            asked = [column for name in names if (column := parse_column(name)) is not None]
        else:
            async with reads.moment() as reader:
                asked = list(usual_columns(await external_sources_in_use(reader), access.readable))
        return list(readable_columns(asked, self._who.policy))

    async def _begin(self, reads: LongRead, selection: Selection) -> FileWriter:
        """A new file in place of what another run may have begun."""
        parts, row = self._parts, self._row
        selected = self._row.selection
        total = await self._total(reads, selection)
        if self._purpose is not None:
            left_out = await self._left_out(reads, selection, self._purpose, total)
            selected = selected | {"left_out": left_out and left_out._asdict()}
        writer = await parts.files.begin("export", kept=parts.lifetime + WRITTEN_WITHIN)
        uow = self._work.unit_of_work()
        exports = ExportRepository(uow)
        exports.drop_parts(row.id)
        self._row = exports.change(
            row, {"file_id": writer.row.id, "total": total, "customers": 0, "cut": 0, "selection": selected}
        )
        await self._work.batch(uow, total=total)
        if row.file_id is not None and (left := await parts.files.find(row.file_id)) is not None:
            await parts.files.delete(left)
        return writer

    async def _total(self, reads: LongRead, selection: Selection) -> int | None:
        try:
            async with reads.moment() as reader:
                return (await count_customers(reader, self._who.reach, selection, _COUNTED)).value
        except DatabaseUnavailable:  # a count that takes too long is not worth it
            return None

    async def _left_out(
        self, reads: LongRead, selection: Selection, purpose: Purpose, contactable: int | None
    ) -> LeftOut | None:
        everybody = await self._total(reads, selection._replace(also=None))
        agreed = await self._total(reads, selection._replace(also=consenting(purpose)))
        if everybody is None or agreed is None or contactable is None:
            return None
        return LeftOut(max(0, everybody - agreed), max(0, agreed - contactable))

    async def _write(self, reads: LongRead, selection: Selection, sheet: Sheet, writer: FileWriter) -> None:
        kinds = sheet.kinds if self._is_sheet else sheet.all_kinds
        query = SheetQuery(
            selection, self._who.reach, self._row.created_at, kinds, contactable=self._purpose is not None
        )

        async def read(after: list[Any] | None) -> SheetPage:
            async with reads.moment() as reader:
                return await query.page(reader, after)

        told = time.monotonic()
        # The next page is read while this one is written.
        coming = asyncio.ensure_future(read(None))
        try:
            while (page := await coming).after is not None:
                coming = asyncio.ensure_future(read(page.after))
                made, data = await asyncio.to_thread(self._render, sheet, page)
                await writer.write(data)
                self._note(page, made)
                await self._work.check()
                if time.monotonic() - told > _TOLD_SECONDS:
                    await self._tell()
                    told = time.monotonic()
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await self._tell()

    @property
    def _is_sheet(self) -> bool:
        return self._row.format != "ndjson" or self._row.columns is not None

    def _render(self, sheet: Sheet, page: SheetPage) -> tuple[Rendered, bytes]:
        made = sheet.rows(page) if self._is_sheet else sheet.bodies(page)
        return made, self._form.rows(made.rows)

    def _note(self, page: SheetPage, made: Rendered) -> None:
        first, last = from_bytes(min(page.ids)), from_bytes(max(page.ids))
        part = ExportPartRow(self._row.id, self._number, first, last, b"".join(page.ids), self._parts.clock.now())
        self._pages.append(part)
        self._number += 1
        self._customers += len(page.ids)
        self._cut += made.cut

    async def _tell(self) -> None:
        """Commit who is in it so far, with the progress."""
        uow = self._work.unit_of_work()
        exports = ExportRepository(uow)
        pages, self._pages = self._pages, []
        exports.add_parts(pages)
        self._row = exports.change(self._row, {"customers": self._customers, "cut": self._cut})
        # Progress never falls: what an earlier run had told is not told again.
        more = max(0, self._customers - self._work.job.processed)
        await self._work.batch(uow, processed=more, succeeded=more)

    async def _finish(self, writer: FileWriter) -> None:
        row = self._row
        await self._check_erased()
        uow = self._work.unit_of_work()
        expires_at = uow.now + self._parts.lifetime
        writer.finish(uow, expires_at=expires_at)
        values = {"size": writer.size, "finished_at": uow.now, "expires_at": expires_at}
        row = ExportRepository(uow).change(row, values)
        extra = {"format": row.format, "customers": row.customers, "unmasked": row.is_unmasked}
        uow.emit(ExportCompleted(row.id, row.revision, extra=extra))
        kind = kind_of(is_unmasked=row.is_unmasked, purpose=self._purpose)
        uow.audit(Note("export.completed", "export", row.id, reason=f"{kind} customers={row.customers}"))
        await self._work.batch(uow)

    async def _check_erased(self) -> None:
        """Raise LostRace when somebody was read, then erased, and only then noted: the file is written anew (S-89)."""
        for customer_id in await erased_since(self._parts.database, self._row.created_at):
            if self._row.id in await exports_with(self._parts.database, customer_id):
                raise LostRace


async def opened(parts: Parts, work: JobWork) -> ExportRow:
    """The export behind a job. One that was forgotten meanwhile ends the job."""
    standing = await export_of(parts.database, work.job.id)
    if standing is None:
        work.fail_permanently(ExportNotFound())
    return standing.row
