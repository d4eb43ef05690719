"""Taking an import back: customers that it made go, others are what they were, unless somebody changed them since."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from custhub.crypto.errors import IntegrityError
from custhub.features.customers.errors import CustomerErased, CustomerNotFound
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.images import CustomerImages
from custhub.features.customers.service.removing import remove_untouched
from custhub.features.imports.events import ImportTakenBack
from custhub.features.imports.models import BatchRow, ImageRow, ImportRow
from custhub.features.imports.queries import batch_before, images_among
from custhub.features.imports.repository import ImportRepository
from custhub.features.imports.rules.outcomes import NOBODY, TAKEN_BACK, Outcome, pack, unpack
from custhub.features.imports.service.before import opened_image
from custhub.features.imports.service.parts import ImportParts
from custhub.jobs.work import JobWork
from custhub.kit.db import Database
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.reach import ALL_ROWS
from custhub.security.standing import restored

_END: Final = 1 << 62
#: Customers of one transaction: SQLite's writer is held for no longer than a slice.
_AT_ONCE: Final = {"postgresql": 500, "sqlite": 40}
#: The same of those that were met: each is restored by itself.
_MET_AT_ONCE: Final = {"postgresql": 100, "sqlite": 10}
#: Rows that may have left something to take back.
_DONE: Final = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.REFUSED})
#: Those whose outcome an undo rewrites.
_TOLD: Final = frozenset({Outcome.CREATED, Outcome.UPDATED})

Verdicts = Mapping[UUID, Outcome]


class ImportUndo:
    """One run of an undo, from its cursor on: the last rows first."""

    def __init__(self, database: Database, parts: ImportParts, work: JobWork, row: ImportRow) -> None:
        self._database = database
        self._parts = parts
        self._work = work
        self._row = row
        # What it gives back was within reach once, when it was taken.
        self._who = replace(restored(row.standing), reach=ALL_ROWS)
        self._at_once = (_AT_ONCE if row.matching is None else _MET_AT_ONCE)[database.name]

    async def run(self) -> None:
        """Go on until the beginning of the file."""
        if self._work.cursor is None:
            total = self._row.created + self._row.updated
            await self._work.batch(self._work.unit_of_work(), cursor={"before": _END}, total=total)
        while batch := await batch_before(self._database, self._row.id, int(self._work.cursor["before"])):
            known = (customer for outcome, customer in unpack(batch.outcomes) if outcome in _DONE)
            met = list(dict.fromkeys(customer for customer in known if customer is not None))
            for start in range(0, len(met), self._at_once):
                batch = await self._take_back(batch, met[start : start + self._at_once])
            await self._work.check()
            await self._work.batch(self._work.unit_of_work(), cursor={"before": batch.first})
        await self._end()

    async def _take_back(self, batch: BatchRow, some: Sequence[UUID]) -> BatchRow:
        """Some customers of a batch, with the note of what became of them; those done before are noted already."""
        await self._work.check()
        return await self._work.retried(lambda uow: self._in(uow, batch, some))

    async def _in(self, uow: UnitOfWork, batch: BatchRow, some: Sequence[UUID]) -> BatchRow:
        uow.locking = True
        await uow.flush()
        verdicts = await self._removed(uow, some, {}) if self._row.matching is None else await self._undone(uow, some)
        rows: list[tuple[Outcome, bytes]] = []
        totals = dict.fromkeys(TAKEN_BACK.values(), 0)
        for outcome, customer in unpack(batch.outcomes):
            if customer is not None and customer in verdicts and outcome in _TOLD:
                outcome = verdicts[customer]
                totals[outcome] += 1
            rows.append((outcome, NOBODY if customer is None else customer.bytes))
        packed = pack(rows)
        imports = ImportRepository(uow)
        imports.move_batch(batch, packed)
        row = imports.change(
            self._row, {name: getattr(self._row, name) + totals[outcome] for name, outcome in TAKEN_BACK.items()}
        )
        kept, done = totals[Outcome.KEPT], sum(totals.values())
        await self._work.batch(uow, processed=done, succeeded=done - kept, skipped=kept)
        self._row = row
        return batch._replace(outcomes=packed)

    async def _undone(self, uow: UnitOfWork, some: Sequence[UUID]) -> Verdicts:
        """Customers that rows met: what was done to each is undone once, whatever many rows it was."""
        images = {image.customer_id: image for image in await images_among(uow, self._row.id, some)}
        # Of one without an image everything was forgotten when it was erased.
        verdicts = {customer: Outcome.KEPT for customer in some if customer not in images}
        verdicts |= {key: Outcome(image.verdict) for key, image in images.items() if image.verdict is not None}
        todo = {key: image for key, image in images.items() if image.verdict is None}
        changed = [key for key, image in todo.items() if not image.is_new]
        told = await self._restored(uow, changed, todo)
        made = {key: image.left_revision for key, image in todo.items() if image.is_new}
        await self._withdraw(uow, todo.values())
        told |= await self._removed(uow, list(made), made)
        await ImportRepository(uow).settle_images(self._row.id, told)
        return {**verdicts, **told}

    async def _restored(
        self, uow: UnitOfWork, ids: Sequence[UUID], images: Mapping[UUID, ImageRow]
    ) -> dict[UUID, Outcome]:
        parts, verdicts = self._parts, dict[UUID, Outcome]()
        if not ids:
            return verdicts
        context = CustomerContext(uow, self._who, parts.keys, parts.settings, parts.standards)
        restorer = CustomerImages(context, "import_undone")
        await context.customers.load(ids, lock=True)
        for customer_id in ids:
            image = images[customer_id]
            try:
                record = await context.customers.get(customer_id)
                dek = context.dek(record)
            except (CustomerErased, CustomerNotFound, IntegrityError):
                verdicts[customer_id] = Outcome.KEPT
                continue
            if record.row.revision != image.left_revision:
                verdicts[customer_id] = Outcome.KEPT
                continue
            verdicts[customer_id] = Outcome.RESTORED
            if image.before is not None:
                if restorer.put_back(record, opened_image(dek, image.import_id, image.before)) is None:
                    verdicts[customer_id] = Outcome.KEPT
                await uow.flush()
                await asyncio.sleep(0)  # a turn for others, no wait: the transaction goes on at once
        return verdicts

    async def _withdraw(self, uow: UnitOfWork, images: Iterable[ImageRow]) -> None:
        """Review items of values that nobody claims any more."""
        ids = [UUID(hex=finding) for image in images for finding in image.findings]
        await self._parts.standards.refusals.withdraw(uow, ids)
        await uow.flush()

    async def _removed(
        self, uow: UnitOfWork, ids: Sequence[UUID], revisions: Mapping[UUID, int]
    ) -> dict[UUID, Outcome]:
        removal = await remove_untouched(uow, ids, revisions)
        if removal.removed:
            for keeper in (self._parts.standards.refusals, self._parts.standards.matching):
                await keeper.forget(uow, sorted(removal.removed))
        return {key: Outcome.KEPT if key in removal.kept else Outcome.REMOVED for key in ids}

    async def _end(self) -> None:
        uow = self._work.unit_of_work()
        row = ImportRepository(uow).change(self._row, {"state": "undone"})
        counts = {name: getattr(row, name) for name in TAKEN_BACK}
        uow.emit(ImportTakenBack(row.id, row.revision, extra=counts))
        uow.audit(Note("import.undone", "import", row.id, fields=[f"{name}={n}" for name, n in counts.items()]))
        self._work.finish({"result_url": f"/v1/imports/{to_text(Prefix.IMPORT, row.id)}"})
        await self._work.batch(uow)
