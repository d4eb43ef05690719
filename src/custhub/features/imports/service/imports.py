"""What can be done with imports: make one, give it its file, start it, take it back."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any
from uuid import UUID

from custhub.features.imports.errors import (
    ImportFileMissing,
    ImportNotFinished,
    ImportNotFound,
    ImportStarted,
    ImportUndone,
)
from custhub.features.imports.events import ImportStartedEvent
from custhub.features.imports.models import ImportRow
from custhub.features.imports.queries import find_import, jobs_of
from custhub.features.imports.repository import ImportRepository
from custhub.features.imports.rules.formats import Wishes
from custhub.features.imports.service.parts import FILE_PURPOSE, RUN, UNDO, ImportParts
from custhub.features.imports.service.process import Preparation
from custhub.features.imports.service.rows import RowReader
from custhub.features.imports.service.setup import Task, layout_of, layout_to_json, wishes_of
from custhub.jobs.models import JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.states import FINISHED, JobState, Queue
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import InsufficientScope, Principal
from custhub.security.scopes import Scope
from custhub.security.standing import kept


class ImportService:
    """Imports of one caller."""

    def __init__(self, uow: UnitOfWork, who: Principal, parts: ImportParts) -> None:
        self._uow = uow
        self._who = who
        self._parts = parts
        self._imports = ImportRepository(uow)

    def create(
        self,
        *,
        source: str,
        mode: str,
        matching: dict[str, Any] | None,
        mapping: dict[str, Any],
        mapping_id: UUID | None,
        wishes: Wishes,
    ) -> ImportRow:
        """A new import, without a file."""
        now = self._uow.now
        row = ImportRow(
            id=new_id(),
            source=source,
            mode=mode,
            mapping=mapping,
            mapping_id=mapping_id,
            wishes=[None if wishes.encoding is None else wishes.encoding.value, *wishes[1:]],
            state="created",
            file_id=None,
            file_size=None,
            file_sha256=None,
            layout=None,
            standing=None,
            job_id=None,
            undo_job_id=None,
            total=None,
            created=0,
            updated=0,
            unchanged=0,
            failed=0,
            skipped=0,
            removed=0,
            kept=0,
            actor_kind=self._who.kind,
            actor_id=self._who.id,
            created_at=now,
            started_at=None,
            finished_at=None,
            updated_at=now,
            revision=1,
            matching=matching,
            refused=0,
            restored=0,
        )
        self._imports.add(row)
        self._uow.audit(Note("import.created", "import", row.id, fields=["source", "mode", "mapping"]))
        return row

    async def get(self, import_id: UUID) -> ImportRow:
        """One of the caller's own imports; any, with `jobs:manage`. Raises ImportNotFound."""
        row = await self._imports.get(import_id)
        if not sees(self._who, row):
            raise ImportNotFound
        return row

    async def upload(self, import_id: UUID, content: AsyncIterable[bytes]) -> ImportRow:
        """Store a file and look through all of it. Raises FileRefused, ImportStarted; then nothing of it is kept.

        The same content once more changes nothing; another file takes the place of the first.
        """
        row = await self.get(import_id)
        if row.state not in ("created", "ready"):
            raise ImportStarted
        files = self._parts.files
        writer = await files.begin(FILE_PURPOSE)
        try:
            async for data in content:
                await writer.write(data)
        except BaseException:
            await files.delete(writer.row)
            raise
        if row.file_id is not None and writer.sha256 == row.file_sha256 and await files.find(row.file_id) is not None:
            await files.delete(writer.row)
            return row
        # Finished in a unit of work of its own: who looks through it reads what is stored.
        storing = UnitOfWork(
            self._uow.database, self._uow.clock, self._uow.recorder, self._uow.actor, self._uow.request_id
        )
        file = writer.finish(storing)
        await storing.commit()
        try:
            layout = await self._inspect(file.id, wishes_of(row.wishes))
        except BaseException:
            await files.delete(file)
            raise
        old = None if row.file_id is None else await files.find(row.file_id)
        if old is not None:
            files.forget(self._uow, old)
        self._uow.audit(Note("import.file_uploaded", "import", row.id))
        return self._imports.change(
            row,
            {
                "state": "ready",
                "file_id": file.id,
                "file_size": file.size,
                "file_sha256": file.sha256,
                "layout": layout_to_json(layout),
                "total": layout.rows,
            },
        )

    async def _inspect(self, file_id: UUID, wishes: Wishes) -> Any:  # a layout
        parts = self._parts
        reader = await parts.files.open(file_id)
        async with parts.gate:
            process = await Preparation.start(Task("inspect", {}, wishes=wishes), parts.keys, reader)
            try:
                return await process.layout()
            finally:
                await process.close()

    async def start(self, import_id: UUID) -> tuple[ImportRow, JobRow]:
        """Run it as a job. Raises ImportFileMissing, ImportStarted, MappingInvalid, InsufficientScope."""
        row = await self.get(import_id)
        if row.state not in ("created", "ready"):
            raise ImportStarted
        check_rights(self._who, row)
        file = None if row.file_id is None else await self._parts.files.find(row.file_id)
        if file is None or row.layout is None:
            raise ImportFileMissing
        RowReader(task_of_row(row, self._parts))
        uow = self._uow
        job = enqueue(
            uow,
            RUN,
            {"import_id": to_text(Prefix.IMPORT, row.id)},
            queue=Queue.BULK,
            unique_key=f"import:{row.id.hex}",
        )
        changed = self._imports.change(
            row, {"state": "started", "job_id": job.id, "started_at": uow.now, "standing": kept(self._who)}
        )
        uow.emit(ImportStartedEvent(row.id, changed.revision))
        uow.audit(Note("import.started", "import", row.id))
        return changed, job

    async def undo(self, import_id: UUID) -> tuple[ImportRow, JobRow]:
        """Take it back as a job. Raises ImportNotFinished, ImportUndone, InsufficientScope."""
        row = await self.get(import_id)
        check_rights(self._who, row)
        known = await jobs_of(self._uow.database, [row])
        run = known.get(row.job_id) if row.job_id is not None else None
        if row.job_id is None or (run is not None and JobState(run.state) not in FINISHED):
            raise ImportNotFinished
        back = known.get(row.undo_job_id) if row.undo_job_id is not None else None
        if row.state == "undone":
            raise ImportUndone
        if back is not None and JobState(back.state) not in FINISHED:
            raise ImportNotFinished
        uow = self._uow
        job = enqueue(
            uow,
            UNDO,
            {"import_id": to_text(Prefix.IMPORT, row.id)},
            queue=Queue.BULK,
            unique_key=f"import:{row.id.hex}",
        )
        changed = self._imports.change(row, {"undo_job_id": job.id, "standing": kept(self._who)})
        uow.audit(Note("import.undo_started", "import", row.id))
        return changed, job


def sees(who: Principal, row: ImportRow) -> bool:
    """Whether an import is shown to this caller: it is his own, or he looks after jobs."""
    return Scope.JOBS_MANAGE in who.scopes or row.actor_id == who.id


def check_rights(who: Principal, row: ImportRow) -> None:
    """Raise InsufficientScope for who may not change customers and would do so."""
    if row.mode != "create" and Scope.CUSTOMERS_WRITE not in who.scopes:
        raise InsufficientScope(Scope.CUSTOMERS_WRITE)


def task_of_row(row: ImportRow, parts: ImportParts) -> Task:
    """How the rows of an import are read."""
    layout, catalogue = layout_of(row.layout), parts.standards.catalogue.value
    return Task("rows", {}, layout=layout, plan=row.mapping, source=row.source, mode=row.mode, catalogue=catalogue)


async def visible_import(reader: Reader, who: Principal, import_id: UUID) -> ImportRow:
    """One import, to show it. Raises ImportNotFound."""
    row = await find_import(reader, import_id)
    if row is None or not sees(who, row):
        raise ImportNotFound
    return row
