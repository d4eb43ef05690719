"""Running an import: batches come from the preparing process and are stored, each in one unit of work (J-5)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from custhub.crypto.files import FileReader, StoredFileGone
from custhub.features.customers.service.bulk import hold_back_prepared, screen_prepared, store_prepared
from custhub.features.customers.service.context import CustomerContext
from custhub.features.imports.errors import FileRefused, ImportFileMissing, MappingInvalid
from custhub.features.imports.events import ImportCompleted, ImportFailed
from custhub.features.imports.models import BatchRow, ImportRow
from custhub.features.imports.repository import ImportRepository
from custhub.features.imports.rules.outcomes import COUNTED, NOBODY, Outcome, pack
from custhub.features.imports.service.matching import RowUpserts, slice_of
from custhub.features.imports.service.parts import ImportParts
from custhub.features.imports.service.process import Preparation
from custhub.features.imports.service.references import References
from custhub.features.imports.service.rows import RowReader
from custhub.features.imports.service.setup import Task, layout_of, stand_of
from custhub.features.imports.service.storing import asked_of, prepared_of, without
from custhub.features.suppressions.queries import is_anybody_suppressed
from custhub.jobs.work import JobWork
from custhub.kit.children import ChildLost
from custhub.kit.db import Database, from_micros
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.kit.writes import LostRace
from custhub.security.principal import Principal
from custhub.security.standing import restored

#: Rows in one transaction (J-5). On SQLite a slice holds the writer for at most 20 ms: it learns how many rows that is.
_ROWS: Final = {"postgresql": 500, "sqlite": 60}
_FEWEST: Final = 20
_MOST: Final = 500
_SLICE_SECONDS: Final = 0.016
#: Batches that are being made while one is stored.
_AHEAD: Final = 2
#: Seconds before a transaction that lost a deadlock is sent again.
_PAUSES: Final = (0.01, 0.03, 0.1, 0.3, 1.0)
#: A process that ends this often at one place will always end there.
_MOST_LOST: Final = 3


class KeysChanged(Exception):
    """Keys changed their parts, or the suppression list is empty no longer: rows that wait were made without it."""


class ImportRun:
    """One run of one import, from its cursor on."""

    def __init__(self, database: Database, parts: ImportParts, work: JobWork, row: ImportRow) -> None:
        self._database = database
        self._keys = parts.keys
        self._settings = settings = parts.settings
        self._files = parts.files
        self._work = work
        self._row = row
        self._who: Principal = restored(row.standing)
        self._rows = _ROWS[database.name]
        self._references = References()
        self._is_screened = True
        #: A file of which some rows were refused has more of them, most likely.
        self._at_once = True
        self._task = Task(
            "rows",
            {"default_country": settings.default_country},
            layout=layout_of(row.layout),
            plan=row.mapping,
            source=row.source,
            mode=row.mode,
            standing=row.standing,
            engine=database.name,
            request_id=work.job.request_id,
            bulk_id=work.job.id,
            catalogue=parts.standards.catalogue.value,
            personal=parts.standards.matching.personal,
        )
        self._standards = parts.standards
        self._reader = RowReader(self._task)
        self._upserts = None if row.matching is None else RowUpserts(parts, row, self._who, self._reader)
        self._slice = slice_of(database.name)

    async def run(self) -> None:
        """Go on until the end of the file. What ends it for good is told by `import.failed`."""
        try:
            await self._run()
        except StoredFileGone:
            await self._fail(ImportFileMissing())
        except (FileRefused, MappingInvalid) as error:
            await self._fail(error)

    async def _run(self) -> None:
        if self._row.file_id is None:
            raise StoredFileGone
        reader = await self._files.open(self._row.file_id)
        lost, is_done = 0, False
        while not is_done:
            before = self._done
            try:
                is_done = await self._with_process(reader)
            except KeysChanged:
                lost = 0
            except ChildLost:
                lost = 1 if self._done > before else lost + 1
                if lost == _MOST_LOST:
                    raise
        self._work.finish({"result_url": f"/v1/imports/{to_text(Prefix.IMPORT, self._row.id)}"})

    @property
    def _done(self) -> int:
        return int((self._work.cursor or {}).get("rows", 0))

    async def _with_process(self, reader: FileReader) -> bool:
        """Store what one process prepares; whether the end was reached. Raises ChildLost, KeysChanged."""
        if self._row.finished_at is not None:
            return True
        stand = stand_of(self._keys, self._standards)
        self._is_screened = await is_anybody_suppressed(self._database)
        task = Task(
            **{name: getattr(self._task, name) for name in Task.__slots__}
            | {
                "skip": self._done,
                "catalogue": self._standards.catalogue.value,
                "personal": self._standards.matching.personal,
                "is_screened": self._is_screened,
            }
        )
        process = await Preparation.start(task, self._keys, reader)
        try:
            for _ in range(_AHEAD):
                process.ask(self._rows, self._work.unit_of_work().now)
            while True:
                await self._work.check()
                batch = await process.batch()
                if not batch["is_last"]:
                    process.ask(self._rows, self._work.unit_of_work().now)
                await (self._store(batch, stand) if self._upserts is None else self._meet(batch))
                if batch["is_last"]:
                    return True
        finally:
            await process.close()

    async def _store(self, batch: Mapping[str, Any], stand: tuple[Any, ...]) -> None:
        prepared = prepared_of(batch)
        for pause in (*_PAUSES, None):
            uow = self._work.unit_of_work()
            uow.now = from_micros(batch["now"])
            try:
                self._check_keys(stand)
                context = CustomerContext(uow, self._who, self._keys, self._settings, self._standards)
                named = await self._references.looked_up(context, batch["references"])
                out_of_reach = named.refused
                if not self._is_screened and await is_anybody_suppressed(uow):
                    raise KeysChanged
                suppressed, held_back = await screen_prepared(uow, asked_of(batch))
                out_of_reach |= suppressed
                began = time.thread_time()
                refused = await store_prepared(context, without(prepared, out_of_reach), at_once=self._at_once)
                self._at_once = not refused
                context.customers.name_persons(named.merged)
                gone = {**out_of_reach, **refused}
                hold_back_prepared(context, [(one, entry) for place, one, entry in held_back if place not in gone])
                rows: list[tuple[Outcome, bytes]] = [
                    (Outcome(outcome), customer) for outcome, customer in batch["rows"]
                ]
                faults: list[Any] = list(batch["faults"])
                for place, error in gone.items():
                    rows[place] = (Outcome.FAILED, NOBODY)
                    faults += [[place, *fault] for fault in self._reader.faults_of(error)]
                row = self._note(uow, batch["first"], rows, faults, is_last=batch["is_last"])
                self._check_keys(stand)
                self._learn(time.thread_time() - began)
                await self._commit(uow, row, batch["first"], len(rows))
                return
            except LostRace:
                await uow.rollback()
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            except BaseException:
                await uow.rollback()
                raise

    async def _meet(self, batch: Mapping[str, Any]) -> None:
        """Apply rows to customers who are there, a slice in each unit of work."""
        upserts, rows, at = self._upserts, batch["rows"], 0
        assert upserts is not None, "an import that meets nobody"  # noqa: S101  # a bug, no input
        while at < len(rows):
            await self._work.check()
            for pause in (*_PAUSES, None):
                uow = self._work.unit_of_work()
                uow.locking, uow.bulk_id = True, self._work.job.id
                try:
                    keys = self._keys.claim_kids
                    done = await upserts.apply_some(uow, self._row.id, batch, at, self._slice)
                    if self._keys.claim_kids != keys:
                        raise LostRace
                    first = batch["first"] + at
                    row = self._note(uow, first, done.rows, done.faults, is_last=False)
                    await self._commit(uow, row, first, len(done.rows))
                    at += len(done.rows)
                    self._slice = slice_of(self._database.name)
                    break
                except LostRace:
                    await uow.rollback()
                    if pause is None:
                        raise
                    # Fewer rows at once wait for fewer rivals.
                    self._slice = self._slice.shorter()
                    await asyncio.sleep(pause)
                except BaseException:
                    await uow.rollback()
                    raise
        if batch["is_last"]:
            uow = self._work.unit_of_work()  # not of the lane of its rows: it sums them up
            first = batch["first"] + len(rows)
            await self._commit(uow, self._note(uow, first, [], [], is_last=True), first, 0)

    async def _commit(self, uow: UnitOfWork, row: ImportRow, first: int, rows: int) -> None:
        counts = {name: getattr(row, name) - getattr(self._row, name) for name in COUNTED}
        await self._work.batch(
            uow,
            cursor={"rows": first + rows},
            processed=rows,
            succeeded=counts["created"] + counts["updated"] + counts["unchanged"],
            failed=counts["failed"],
            skipped=counts["skipped"] + counts["refused"],
            total=row.total,
        )
        self._row = row

    def _note(
        self, uow: UnitOfWork, first: int, rows: Sequence[tuple[Outcome, bytes]], faults: list[Any], *, is_last: bool
    ) -> ImportRow:
        """Keep what became of each row, with the rows themselves."""
        totals = [0] * (len(Outcome) + 1)
        for outcome, _ in rows:
            totals[outcome] += 1
        imports = ImportRepository(uow)
        if rows:
            faults.sort(key=lambda fault: fault[0])
            # Those with something to tell of, rows whose values did not stand too.
            faulty = len({fault[0] for fault in faults})
            imports.add_batch(BatchRow(self._row.id, first, len(rows), faulty, faults, pack(rows)))
        values = {name: getattr(self._row, name) + totals[outcome] for name, outcome in COUNTED.items()}
        if is_last:
            values |= {"finished_at": uow.now, "state": "finished"}
            uow.emit(ImportCompleted(self._row.id, self._row.revision + 1, extra={n: values[n] for n in COUNTED}))
            counts = [f"{name}={values[name]}" for name in COUNTED]
            uow.audit(Note("import.completed", "import", self._row.id, fields=counts))
        return imports.change(self._row, values)

    async def _fail(self, error: HubError) -> None:
        uow = self._work.unit_of_work()
        row = await ImportRepository(uow).get(self._row.id)
        counts = {name: getattr(row, name) for name in COUNTED}
        ImportRepository(uow).change(row, {"finished_at": uow.now, "state": "failed"})
        uow.emit(ImportFailed(row.id, row.revision + 1, extra={**counts, "code": error.code}))
        uow.audit(Note("import.failed", "import", row.id, reason=error.code, outcome="failed"))
        await self._work.batch(uow)
        self._work.fail_permanently(error)

    def _check_keys(self, stand: tuple[Any, ...]) -> None:
        if stand_of(self._keys, self._standards) != stand:
            raise KeysChanged

    def _learn(self, took: float) -> None:
        """On SQLite: how many rows fit into a slice. Time of others on the processor does not count."""
        if self._database.name == "sqlite":
            factor = 0.7 if took > _SLICE_SECONDS else 1.15 if took < _SLICE_SECONDS * 0.7 else 1.0
            self._rows = min(_MOST, max(_FEWEST, int(self._rows * factor)))
