"""Duplicates as the operator looks after them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from custhub.app import Application
from custhub.features.duplicates.service.scanning import start_scan
from custhub.features.operations.service.jobs import find_job
from custhub.jobs.models import JobRow
from custhub.jobs.states import LIVE
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import OPERATOR_PRINCIPAL, Command, NoArguments, in_unit_of_work

_POLL_SECONDS = 0.2


async def _scan(app: Application, _: NoArguments) -> Mapping[str, Any]:
    async def work(uow: UnitOfWork) -> JobRow:
        return await start_scan(uow, "operator")

    job = await in_unit_of_work(app, work)
    if not app.has_tasks:
        # Nobody else may be there to do it: this process stays until it is done.
        app.start_tasks()
        while job.state in LIVE:
            await asyncio.sleep(_POLL_SECONDS)
            job = await find_job(app.database, OPERATOR_PRINCIPAL, job.id)
    return {"job": to_text(Prefix.JOB, job.id)}


COMMANDS = {"duplicates.scan": Command(NoArguments, _scan)}
