"""The jobs: doing a bulk action, and taking it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from custhub.features.bulk.errors import BulkActionNotFound
from custhub.features.bulk.events import BulkActionCompleted, BulkActionUndone
from custhub.features.bulk.queries import BulkActionRow, BulkCustomerRow, bulk_action, rows_to_undo
from custhub.features.bulk.repository import BulkRepository
from custhub.features.bulk.rules import CHANGED_SINCE, ActionType, RowOutcome, UndoOutcome
from custhub.features.bulk.service.steps import STEPS, BulkContext
from custhub.features.bulk.service.sweep import AT_ONCE, Parts, Sweep
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.listing import found_in
from custhub.features.customers.schemas.listing import CustomerFilter
from custhub.features.fields.service.catalogue import access_of
from custhub.jobs.work import JobWork
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.reach import ALL_ROWS
from custhub.security.standing import restored

Keys = dict[UUID, Any]


class BulkRun:
    """One run of an action, from where the last one ended."""

    def __init__(self, parts: Parts, work: JobWork, row: BulkActionRow) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        self._who = restored(row.access)
        self._action = row.action
        self._step = STEPS[ActionType(row.action["type"])]
        self._sweep = Sweep(parts, work, self._who, is_dry=row.is_dry_run)
        self._noted: list[BulkCustomerRow] = []

    async def run(self) -> None:
        """Every customer of the selection, then the end."""
        await self._parts.standards.catalogue.follow(self._parts.database)
        while keys := await self._next():
            await self._work.check()
            await self._sweep.over(list(keys), self._change, self._refuse, self._committing(keys), self._noted.clear)
        await self._finish()

    async def _next(self) -> Keys:
        """The next customers, each with the cursor behind it."""
        limit, after = AT_ONCE[self._parts.database.name], self._work.cursor
        ids = self._row.selection.get("ids")
        if ids is not None:
            left = [text for text in ids if after is None or text > after]
            return {UUID(text): text for text in left[:limit]}
        access = access_of(self._parts.standards.catalogue.value, self._who)
        selection = CustomerFilter.model_validate(self._row.selection["filter"]).selection(access)
        found = await found_in(self._parts.database, self._who.reach, selection, self._row.created_at, after, limit)
        return {one.id: one.key for one in found}

    async def _change(self, context: BulkContext, record: CustomerRecord) -> None:
        before = await self._step.do(context, record, self._action)
        outcome = RowOutcome.UNCHANGED if before is None else RowOutcome.CHANGED
        self._note(record.row.id, outcome, before=None if self._row.is_dry_run else before)

    def _refuse(self, _: UnitOfWork, customer_id: UUID, code: str) -> None:
        self._note(customer_id, RowOutcome.REFUSED, error=code)

    def _note(self, customer_id: UUID, outcome: RowOutcome, *, error: str | None = None, before: Any = None) -> None:
        kept = None if before is None else dict(before)
        self._noted.append(BulkCustomerRow(self._row.id, customer_id, outcome, error, kept, None, None))

    def _committing(self, keys: Keys) -> Callable[[UUID], Callable[[UnitOfWork], Awaitable[None]]]:
        def upto(last: UUID) -> Callable[[UnitOfWork], Awaitable[None]]:
            async def commit(uow: UnitOfWork) -> None:
                await self._commit(uow, keys[last])

            return commit

        return upto

    async def _commit(self, uow: UnitOfWork, cursor: Any) -> None:
        noted, row, bulk = list(self._noted), self._row, BulkRepository(uow)
        self._noted.clear()
        changed = sum(one.outcome == RowOutcome.CHANGED for one in noted)
        refused = sum(one.outcome == RowOutcome.REFUSED for one in noted)
        unchanged = len(noted) - changed - refused
        bulk.note(noted)
        counts = {
            "changed": row.changed + changed,
            "unchanged": row.unchanged + unchanged,
            "refused": row.refused + refused,
        }
        after = bulk.change(row, counts)
        await self._work.batch(
            uow,
            cursor=cursor,
            total=row.total,
            processed=len(noted),
            succeeded=changed,
            failed=refused,
            skipped=unchanged,
        )
        self._row = after

    async def _finish(self) -> None:
        if self._row.finished_at is not None:
            return
        uow, row = self._work.unit_of_work(), self._row
        row = BulkRepository(uow).change(row, {"finished_at": uow.now})
        if not row.is_dry_run:
            counts = {"changed": row.changed, "unchanged": row.unchanged, "refused": row.refused}
            uow.emit(BulkActionCompleted(row.id, row.revision, extra={"action": self._action["type"], **counts}))
            told = " ".join(f"{name}={count}" for name, count in counts.items())
            uow.audit(Note("bulk_action.completed", "bulk_action", row.id, reason=told))
        await self._work.batch(uow)


class BulkUndo:
    """One run of an undo."""

    def __init__(self, parts: Parts, work: JobWork, row: BulkActionRow) -> None:
        self._parts = parts
        self._work = work
        self._row = row
        # What it gives back was within reach once, when it was taken.
        self._who = replace(restored(row.undo_access), reach=ALL_ROWS)
        self._step = STEPS[ActionType(row.action["type"])]
        self._sweep = Sweep(parts, work, self._who, is_dry=False)
        self._todo: dict[UUID, BulkCustomerRow] = {}
        self._counts = {"restored": 0, "kept": 0}

    async def run(self) -> None:
        """Every customer that was changed, then the end."""
        while rows := await self._next():
            await self._work.check()
            self._todo = {row.customer_id: row for row in rows}
            await self._sweep.over(list(self._todo), self._change, self._refuse, self._committing, self._forget)
        await self._finish()

    async def _next(self) -> Sequence[BulkCustomerRow]:
        database, after = self._parts.database, self._work.cursor
        place = None if after is None else UUID(after)
        return await rows_to_undo(database, self._row.id, place, AT_ONCE[database.name])

    async def _change(self, context: BulkContext, record: CustomerRecord) -> None:
        row = self._todo[record.row.id]
        if await self._step.undo(context, record, self._row.action, row.before):
            self._note(context.uow, row, UndoOutcome.RESTORED, None)
        else:
            self._note(context.uow, row, UndoOutcome.KEPT, CHANGED_SINCE)

    def _refuse(self, uow: UnitOfWork, customer_id: UUID, code: str) -> None:
        self._note(uow, self._todo[customer_id], UndoOutcome.KEPT, code)

    def _note(self, uow: UnitOfWork, row: BulkCustomerRow, outcome: UndoOutcome, error: str | None) -> None:
        BulkRepository(uow).note_undo(row._replace(undo_outcome=outcome, undo_error=error))
        self._counts[outcome] += 1

    def _forget(self) -> None:
        self._counts = dict.fromkeys(self._counts, 0)

    def _committing(self, last: UUID) -> Callable[[UnitOfWork], Awaitable[None]]:
        async def commit(uow: UnitOfWork) -> None:
            counts, row = self._counts, self._row
            values = {"restored": row.restored + counts["restored"], "kept": row.kept + counts["kept"]}
            after = BulkRepository(uow).change(row, values)
            await self._work.batch(
                uow,
                cursor=last.hex,
                total=row.changed,
                processed=sum(counts.values()),
                succeeded=counts["restored"],
                failed=counts["kept"],
            )
            self._row = after
            self._forget()

        return commit

    async def _finish(self) -> None:
        if self._row.undone_at is not None:
            return
        uow, row = self._work.unit_of_work(), self._row
        row = BulkRepository(uow).change(row, {"undone_at": uow.now})
        counts = {"restored": row.restored, "kept": row.kept}
        uow.emit(BulkActionUndone(row.id, row.revision, extra={"action": row.action["type"], **counts}))
        told = " ".join(f"{name}={count}" for name, count in counts.items())
        uow.audit(Note("bulk_action.undone", "bulk_action", row.id, reason=told))
        await self._work.batch(uow)


async def opened(parts: Parts, work: JobWork, action_id: UUID) -> BulkActionRow:
    """The action behind a job. One that was forgotten meanwhile ends the job."""
    standing = await bulk_action(parts.database, action_id)
    if standing is None:
        work.fail_permanently(BulkActionNotFound())
    return standing.row
