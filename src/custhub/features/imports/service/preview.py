"""The first rows of a file, and what would become of them; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from custhub.features.customers.service.bulk import refused_candidates, screen_prepared, unborn
from custhub.features.customers.service.context import CustomerContext
from custhub.features.imports.errors import ImportFileMissing
from custhub.features.imports.models import ImportRow
from custhub.features.imports.rules.outcomes import Outcome
from custhub.features.imports.service.before import BeforeImages
from custhub.features.imports.service.matching import Applied, RowUpserts, SentRow
from custhub.features.imports.service.parts import ImportParts
from custhub.features.imports.service.process import Preparation
from custhub.features.imports.service.references import References
from custhub.features.imports.service.results import number_of
from custhub.features.imports.service.rows import RowReader
from custhub.features.imports.service.setup import Task, layout_of
from custhub.features.imports.service.storing import asked_of, candidates_of
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import UnitOfWork
from custhub.security.standing import kept

_WORDS = {
    Outcome.CREATED: "create",
    Outcome.UPDATED: "update",
    Outcome.UNCHANGED: "unchanged",
    Outcome.REFUSED: "refuse",
    Outcome.FAILED: "fail",
    Outcome.SKIPPED: "skip",
}


class Foreseen(NamedTuple):
    """What would become of one row. `faults` are [column, field, code]."""

    number: int
    outcome: str
    existing_id: UUID | None
    customer: Any
    faults: Sequence[Sequence[Any]]


class Preview(NamedTuple):
    """The first rows, and the columns that go nowhere."""

    rows: Sequence[Foreseen]
    unmapped: Sequence[str]


async def foresee(context: CustomerContext, parts: ImportParts, row: ImportRow, limit: int) -> Preview:
    """What would become of the first rows. Raises ImportFileMissing, MappingInvalid, FileRefused."""
    file = None if row.file_id is None else await parts.files.find(row.file_id)
    if file is None or row.layout is None:
        raise ImportFileMissing
    task = Task(
        "preview",
        {"default_country": parts.settings.default_country},
        layout=layout_of(row.layout),
        plan=row.mapping,
        source=row.source,
        mode=row.mode,
        standing=kept(context.who),
        engine=context.uow.name,
        request_id=context.uow.request_id,
        catalogue=parts.standards.catalogue.value,
    )
    reader = RowReader(task)
    batch = await _first(parts, task, file.id, limit, context)
    if row.matching is not None:
        return Preview(await _meet(context, parts, row, reader, batch), reader.unused())
    refused: dict[int, Any] = (await References().looked_up(context, batch["references"])).refused
    refused |= (await screen_prepared(context.uow, asked_of(batch)))[0]
    refused |= await refused_candidates(context, candidates_of(batch))
    faults: dict[int, list[Sequence[Any]]] = {}
    for place, *fault in batch["faults"]:
        faults.setdefault(place, []).append(fault)
    views = {place: orjson.loads(view) for place, view in batch["views"]}
    rows = []
    for place, (outcome, _) in enumerate(batch["rows"]):
        word, existing = _WORDS[Outcome(outcome)], None
        if place in refused:
            word = "fail"
            faults.setdefault(place, []).extend(reader.faults_of(refused[place]))
            known = refused[place].members.get("existing_id")
            existing = None if known is None else from_text(Prefix.CUSTOMER, str(known))
        rows.append(Foreseen(number_of(row, place), word, existing, views.get(place), faults.get(place, ())))
    return Preview(rows, reader.unused())


async def _meet(
    context: CustomerContext, parts: ImportParts, row: ImportRow, reader: RowReader, batch: Mapping[str, Any]
) -> list[Foreseen]:
    """Apply the rows, one after the other, in a transaction that is rolled back."""
    shared, rows = context.uow, list[Foreseen]()
    uow = UnitOfWork(shared.database, shared.clock, shared.recorder, shared.actor, shared.request_id, locking=True)
    upserts = RowUpserts(parts, row, context.who, reader)
    images = BeforeImages(uow, row.id)
    bodies: dict[int, SentRow] = {sent[0]: sent for sent in batch["bodies"]}
    made: set[UUID] = set()
    try:
        for place, (outcome, _) in enumerate(batch["rows"]):
            faults = [fault for at, *fault in batch["faults"] if at == place]
            found = Applied(Outcome(outcome), faults=faults)
            if place in bodies:
                found = await upserts.apply(uow, images, bodies[place], show=True)
            if found.outcome is Outcome.CREATED:
                made.add(UUID(bytes=found.customer))
            # Of one that is not there yet there is nothing to name.
            existing = None if found.existing in made else found.existing
            shown = None if found.shown is None else unborn(found.shown)
            rows.append(Foreseen(number_of(row, place), _WORDS[found.outcome], existing, shown, found.faults))
    finally:
        await uow.rollback()
    for index, bucket in upserts.looked_up:
        context.quotas.record("lookup", index, bucket)
    await shared.commit()
    return rows


async def _first(parts: ImportParts, task: Task, file_id: UUID, limit: int, context: CustomerContext) -> dict[str, Any]:
    file = await parts.files.open(file_id)
    async with parts.gate:
        process = await Preparation.start(task, parts.keys, file)
        try:
            process.ask(limit, context.uow.now)
            return await process.batch()
        finally:
            await process.close()
