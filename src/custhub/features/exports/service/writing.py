"""The job: page after page into a stored file, sealed while it is written. Memory holds a few pages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from custhub.crypto.files import FileWriter, StoredFiles
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries.listing import Selection, count_customers
from custhub.features.customers.queries.sheets import external_sources_in_use
from custhub.features.customers.rules.sheets import Column, parse_column, usual_columns
from custhub.features.customers.service.sheets import readable_columns
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
from custhub.features.exports.rules.purposes import LeftOut, Purpose
from custhub.features.exports.service.pages import Page, Pages, PagesHere, Reading, Rendering, Task
from custhub.features.exports.service.process import PagesOfProcess
from custhub.features.exports.service.starting import kind_of, selection_of
from custhub.features.fields.rules import Access
from custhub.features.fields.service.catalogue import FieldCatalogue, access_of
from custhub.jobs.work import JobWork
from custhub.kit.children import ChildLost
from custhub.kit.clock import Clock
from custhub.kit.db import Database, DatabaseUnavailable
from custhub.kit.ids import from_bytes
from custhub.kit.reading import LongRead, long_read
from custhub.kit.uow import Note
from custhub.kit.writes import LostRace
from custhub.security.standing import restored

#: From so many customers on a process of its own writes their pages: it takes a second to begin.
_MANY: Final = 5_000
#: A process that ends this often will always end.
_MOST_LOST: Final = 3
_ID_BYTES: Final = 16
#: Progress is that fresh (J-6).
_TOLD_SECONDS: Final = 1.0
_COUNTED: Final = 100_000_000


class Parts(NamedTuple):
    """What the job works with."""

    database: Database
    #: Where that is, for another process.
    place: Mapping[str, Any]
    keys: LiveKeys
    clock: Clock
    files: StoredFiles
    catalogue: FieldCatalogue
    lifetime: timedelta


class ExportRun:
    """One run. A file is written in one go: what was begun before is deleted."""

    def __init__(self, parts: Parts, work: JobWork, row: ExportRow) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._who = restored(row.access)
        self._purpose = Purpose.of(row.selection)
        self._pages: list[ExportPartRow] = []
        self._number = self._customers = self._cut = 0

    async def run(self) -> None:
        """Write the file and say that it is there."""
        for left in reversed(range(_MOST_LOST)):
            try:
                writer = await self._written()
            except ChildLost:
                if not left:
                    raise
            else:
                await self._finish(writer)
                return

    async def _written(self) -> FileWriter:
        parts, who = self._parts, self._who
        await parts.catalogue.follow(parts.database)
        access = access_of(parts.catalogue.value, who)
        selection = selection_of(self._row.selection, access)
        if self._purpose is not None:
            selection = selection._replace(also=contactable(self._purpose))
        async with long_read(parts.database) as reads:
            columns = await self._columns(reads, access)
            writer = await self._begin(reads, selection)
            row = self._row
            task = Task(
                parts.database.name,
                row.format,
                tuple(column.name for column in columns),
                row.format != "ndjson" or row.columns is not None,
                row.selection,
                row.access,
                row.is_unmasked,
                row.created_at,
                parts.catalogue.value,
            )
            pages = await self._making(task, reads)
            try:
                await self._write(pages, writer)
            finally:
                await pages.close()
        return writer

    async def _making(self, task: Task, reads: LongRead) -> PagesHere | PagesOfProcess:
        parts, total = self._parts, self._row.total
        reading = Reading(task, reads)
        if total is not None and total < _MANY:
            return PagesHere(reading, Rendering(task, parts.keys.cipher), ahead=False)
        if parts.database.name == "sqlite":  # one process has the embedded database
            return await PagesOfProcess.start(task, parts.keys, None, reading)
        return await PagesOfProcess.start(task, parts.keys, parts.place)

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
        if row.file_id is not None:
            await parts.files.discard(row.file_id)
        self._pages, self._number, self._customers, self._cut = [], 0, 0, 0
        writer = await parts.files.begin("export", kept=parts.lifetime + WRITTEN_WITHIN)
        uow = self._work.unit_of_work()
        exports = ExportRepository(uow)
        exports.drop_parts(row.id)
        self._row = exports.change(
            row, {"file_id": writer.row.id, "total": total, "customers": 0, "cut": 0, "selection": selected}
        )
        await self._work.batch(uow, total=total)
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

    async def _write(self, pages: Pages, writer: FileWriter) -> None:
        told = time.monotonic()
        is_last = False
        while not is_last:
            page = await pages.next()
            await writer.write(page.data)
            is_last = not page.ids
            if not is_last:
                self._note(page)
            await self._work.check()
            if is_last or time.monotonic() - told > _TOLD_SECONDS:
                await self._tell()
                told = time.monotonic()

    def _note(self, page: Page) -> None:
        ids = [page.ids[at : at + _ID_BYTES] for at in range(0, len(page.ids), _ID_BYTES)]
        first, last = from_bytes(min(ids)), from_bytes(max(ids))
        now = self._parts.clock.now()
        self._pages.append(ExportPartRow(self._row.id, self._number, first, last, page.ids, now))
        self._number += 1
        self._customers += len(ids)
        self._cut += page.cut

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
