"""Duplicates as the operator looks after them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from custhub.app import Application
from custhub.features.duplicates.queries.labels import labels_after
from custhub.features.duplicates.service.scanning import start_scan
from custhub.features.matching.service.estimating import written_levels
from custhub.features.matching.service.rebuilding import start_rebuild
from custhub.features.operations.service.jobs import find_job
from custhub.jobs.models import JobRow
from custhub.jobs.states import LIVE
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import OPERATOR_PRINCIPAL, Arguments, Command, NoArguments, in_unit_of_work

_POLL_SECONDS = 0.2
_LABELS_AT_ONCE = 500


class LabelsAsked(Arguments):
    """Decisions behind a pair; the first ones where none is named."""

    after: str | None


async def _scan(app: Application, _: NoArguments) -> Mapping[str, Any]:
    async def work(uow: UnitOfWork) -> JobRow:
        return await start_scan(uow, "operator")

    return await _done(app, await in_unit_of_work(app, work))


async def _rebuild(app: Application, _: NoArguments) -> Mapping[str, Any]:
    async def work(uow: UnitOfWork) -> JobRow:
        return start_rebuild(uow)

    return await _done(app, await in_unit_of_work(app, work))


async def _done(app: Application, job: JobRow) -> Mapping[str, Any]:
    if not app.has_tasks:
        # Nobody else may be there to do it: this process stays until it is done.
        app.start_tasks()
        while job.state in LIVE:
            await asyncio.sleep(_POLL_SECONDS)
            job = await find_job(app.database, OPERATOR_PRINCIPAL, job.id)
    return {"job": to_text(Prefix.JOB, job.id)}


async def _labels(app: Application, asked: LabelsAsked) -> Mapping[str, Any]:
    after = UUID(int=0) if asked.after is None else from_text(Prefix.DUPLICATE, asked.after)
    rows = await labels_after(app.database, after, _LABELS_AT_ONCE)
    return {
        "labels": [
            {
                "left": to_text(Prefix.CUSTOMER, row.left_id),
                "right": to_text(Prefix.CUSTOMER, row.right_id),
                "decision": row.decision,
                "reason": row.reason or "",
                "model_version": row.model_version,
                "levels": written_levels((field, level) for field, level, *_ in row.evidence["fields"]),
            }
            for row in rows
        ],
        "after": to_text(Prefix.DUPLICATE, rows[-1].id) if len(rows) == _LABELS_AT_ONCE else None,
    }


COMMANDS = {
    "duplicates.scan": Command(NoArguments, _scan),
    "duplicates.labels": Command(LabelsAsked, _labels),
    "duplicates.rebuild-keys": Command(NoArguments, _rebuild),
}
