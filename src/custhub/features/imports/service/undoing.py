"""Taking an import back: the customers that it made go, unless somebody has changed them since."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from custhub.features.customers.service.removing import remove_untouched
from custhub.features.imports.events import ImportTakenBack
from custhub.features.imports.models import BatchRow, ImportRow
from custhub.features.imports.queries import batch_before
from custhub.features.imports.repository import ImportRepository
from custhub.features.imports.rules.outcomes import NOBODY, Outcome, customers_of, pack, unpack
from custhub.jobs.work import JobWork
from custhub.kit.db import Database
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.kit.writes import LostRace

_END: Final = 1 << 62
#: Customers of one transaction: SQLite's writer is held for no longer than a slice.
_AT_ONCE: Final = {"postgresql": 500, "sqlite": 40}
_PAUSES: Final = (0.01, 0.05, 0.2, 1.0)


class ImportUndo:
    """One run of an undo, from its cursor on: the last rows first."""

    def __init__(self, database: Database, work: JobWork, row: ImportRow) -> None:
        self._database = database
        self._work = work
        self._row = row
        self._at_once = _AT_ONCE[database.name]

    async def run(self) -> None:
        """Go on until the beginning of the file."""
        if self._work.cursor is None:
            await self._work.batch(self._work.unit_of_work(), cursor={"before": _END}, total=self._row.created)
        while batch := await batch_before(self._database, self._row.id, int(self._work.cursor["before"])):
            created = customers_of(batch.outcomes, Outcome.CREATED)
            for start in range(0, len(created), self._at_once):
                batch = await self._take_back(batch, created[start : start + self._at_once])
            await self._work.check()
            await self._work.batch(self._work.unit_of_work(), cursor={"before": batch.first})
        await self._end()

    async def _take_back(self, batch: BatchRow, created: list[tuple[int, UUID]]) -> BatchRow:
        """Some customers of a batch, with the note of what became of them; those done before are noted already."""
        await self._work.check()
        for pause in (*_PAUSES, None):
            uow = self._work.unit_of_work()
            uow.bulk_id = self._work.job.id
            try:
                return await self._in(uow, batch, created)
            except LostRace:
                await uow.rollback()
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            except BaseException:
                await uow.rollback()
                raise
        raise LostRace

    async def _in(self, uow: UnitOfWork, batch: BatchRow, created: list[tuple[int, UUID]]) -> BatchRow:
        await uow.flush()
        removal = await remove_untouched(uow, [customer for _, customer in created])
        rows = [
            (outcome, NOBODY if customer is None else customer.bytes) for outcome, customer in unpack(batch.outcomes)
        ]
        for place, customer in created:
            rows[place] = (Outcome.KEPT if customer in removal.kept else Outcome.REMOVED, customer.bytes)
        packed = pack(rows)
        imports = ImportRepository(uow)
        imports.move_batch(batch, packed)
        removed, kept = len(removal.removed), len(removal.kept)
        row = imports.change(self._row, {"removed": self._row.removed + removed, "kept": self._row.kept + kept})
        await self._work.batch(uow, processed=len(created), succeeded=removed, skipped=kept)
        self._row = row
        return batch._replace(outcomes=packed)

    async def _end(self) -> None:
        uow = self._work.unit_of_work()
        row = ImportRepository(uow).change(self._row, {"state": "undone"})
        counts = {name: getattr(row, name) for name in ("removed", "kept")}
        uow.emit(ImportTakenBack(row.id, row.revision, extra=counts))
        uow.audit(Note("import.undone", "import", row.id, fields=[f"{name}={n}" for name, n in counts.items()]))
        self._work.finish({"result_url": f"/v1/imports/{to_text(Prefix.IMPORT, row.id)}"})
        await self._work.batch(uow)
