"""Duplicates as the operator looks after them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from custhub.app import Application
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.standards import STANDARDS
from custhub.features.duplicates.errors import DuplicateModelNotFound
from custhub.features.duplicates.queries import MatchModelRow
from custhub.features.duplicates.queries.hot_keys import page_of_hot_keys, some_holders
from custhub.features.duplicates.queries.labels import labels_after
from custhub.features.duplicates.queries.scoring import active_model, model_by_version, page_of_models
from custhub.features.duplicates.schemas.hot_keys import hot_key_view
from custhub.features.duplicates.schemas.models import Line, MatchDocument, Version, duplicate_model_view
from custhub.features.duplicates.service.modelling import DuplicateModels
from custhub.features.duplicates.service.scanning import start_scan
from custhub.features.matching.service.estimating import written_levels
from custhub.features.matching.service.rebuilding import start_rebuild
from custhub.features.operations.service.jobs import find_job
from custhub.jobs.models import JobRow
from custhub.jobs.states import LIVE
from custhub.kit.ids import Prefix, from_text, to_text
from custhub.kit.uow import UnitOfWork
from custhub.operator.commands import OPERATOR_PRINCIPAL, Arguments, Command, NoArguments, in_unit_of_work
from custhub.security.reach import ALL_ROWS

_POLL_SECONDS = 0.2
_LABELS_AT_ONCE = 500
_MODELS_AT_MOST = 200
_HOT_AT_MOST = 200


class ModelProposed(Arguments):
    """A document of the form of weights.json."""

    document: MatchDocument
    note: Line | None


class ModelNamed(Arguments):
    """A model by its version."""

    model_version: Version


class ModelActivated(ModelNamed):
    """Why it is taken over."""

    reason: Line


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


async def _hot_keys(app: Application, _: NoArguments) -> Mapping[str, Any]:
    found = await page_of_hot_keys(app.database, None, _HOT_AT_MOST)
    views = [hot_key_view(row, await some_holders(app.database, ALL_ROWS, row)) for row in found.items]
    return {"hot_keys": [view | {"created_at": view["created_at"].isoformat()} for view in views]}


async def _models(app: Application, _: NoArguments) -> Mapping[str, Any]:
    active, found = await active_model(app.database), await page_of_models(app.database, None, _MODELS_AT_MOST)
    return {"models": [_told(row, active) for row in found.items], "has_more": found.after is not None}


async def _model(app: Application, asked: ModelNamed) -> Mapping[str, Any]:
    return {"model": _told(await _named(app, asked.model_version), await active_model(app.database))}


async def _propose(app: Application, asked: ModelProposed) -> Mapping[str, Any]:
    async def work(uow: UnitOfWork) -> MatchModelRow:
        return _desk(app, uow).propose(asked.document.model_dump(), asked.note)

    row = await in_unit_of_work(app, work)
    return {"model": _told(row, await active_model(app.database))}


async def _activate(app: Application, asked: ModelActivated) -> Mapping[str, Any]:
    model_id = (await _named(app, asked.model_version)).id

    async def work(uow: UnitOfWork) -> MatchModelRow:
        return await _desk(app, uow).activate(model_id, asked.reason, None)

    row = await in_unit_of_work(app, work)
    return {"model": _told(row, row)}


async def _named(app: Application, version: str) -> MatchModelRow:
    row = await model_by_version(app.database, version)
    if row is None:
        raise DuplicateModelNotFound
    return row


def _told(row: MatchModelRow, active: MatchModelRow) -> dict[str, Any]:
    view = duplicate_model_view(row, active)
    estimated_from, activated_at = view["document"]["estimated_from"], row.activated_at
    return {
        **{name: view[name] for name in ("model_version", "state", "note", "differences")},
        "decisions": None if estimated_from is None else estimated_from["decisions"],
        "created_at": row.created_at.isoformat(),
        "activated_at": None if activated_at is None else activated_at.isoformat(),
    }


def _desk(app: Application, uow: UnitOfWork) -> DuplicateModels:
    standards = app.hub.parts[STANDARDS]
    return DuplicateModels(CustomerContext(uow, OPERATOR_PRINCIPAL, app.keys, app.settings, standards), app.scoring)


COMMANDS = {
    "duplicates.hot-keys": Command(NoArguments, _hot_keys),
    "duplicates.models": Command(NoArguments, _models),
    "duplicates.models.show": Command(ModelNamed, _model),
    "duplicates.models.propose": Command(ModelProposed, _propose),
    "duplicates.models.activate": Command(ModelActivated, _activate),
    "duplicates.scan": Command(NoArguments, _scan),
    "duplicates.labels": Command(LabelsAsked, _labels),
    "duplicates.rebuild-keys": Command(NoArguments, _rebuild),
}
