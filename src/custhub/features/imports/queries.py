"""Read statements of imports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, null, or_, select

from custhub.features.imports.models import (
    BatchRow,
    ImageRow,
    ImportRow,
    MappingRow,
    import_batches,
    import_images,
    import_mappings,
    imports,
)
from custhub.jobs.models import JobRow, jobs
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of

_i, _b, _m, _g = imports.c, import_batches.c, import_mappings.c, import_images.c
_LAST = UUID(int=(1 << 128) - 1)


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


IMPORT = Query(select(imports).where(_i.id == bindparam("id")), ImportRow._make)
IMPORT_LOCKED = Query(select(imports).where(_i.id == bindparam("id")).with_for_update(), ImportRow._make)
_PAGE = Query(
    select(imports)
    .where(
        _i.id < bindparam("before", type_=_i.id.type),
        or_(bindparam("owner", type_=_i.actor_id.type) == null(), _i.actor_id == bindparam("owner")),
    )
    .order_by(_i.id.desc())
    .limit(bindparam("limit")),
    ImportRow._make,
)
_JOBS = Query(select(jobs).where(any_of(jobs.c.id, "ids")), JobRow._make)
_BATCHES = Query(
    select(import_batches)
    .where(_b.import_id == bindparam("import_id"), _b.first + _b.rows > bindparam("after", type_=_b.first.type))
    .order_by(_b.first)
    .limit(bindparam("limit")),
    BatchRow._make,
)
_FAILED = Query(
    select(import_batches)
    .where(
        _b.import_id == bindparam("import_id"),
        _b.first + _b.rows > bindparam("after", type_=_b.first.type),
        _b.failed > 0,
    )
    .order_by(_b.first)
    .limit(bindparam("limit")),
    BatchRow._make,
)
_BACKWARDS = Query(
    select(import_batches)
    .where(_b.import_id == bindparam("import_id"), _b.first < bindparam("before", type_=_b.first.type))
    .order_by(_b.first.desc())
    .limit(1),
    BatchRow._make,
)
_IMAGES = Query(
    select(import_images).where(_g.import_id == bindparam("import_id"), any_of(_g.customer_id, "ids")),
    ImageRow._make,
    everyone="what an import changed is taken back wherever it has gone since; nothing of it is shown",
)
_OLD = Query(
    select(_i.id)
    .outerjoin(jobs, or_(jobs.c.id == _i.job_id, jobs.c.id == _i.undo_job_id))
    .where(_i.created_at < bindparam("before", type_=_i.created_at.type))
    .group_by(_i.id)
    .having(func.count(jobs.c.id).filter(jobs.c.finished_at.is_(None)) == 0)
    .order_by(_i.id)
    .limit(100),
    _first,
)
MAPPING = Query(select(import_mappings).where(_m.id == bindparam("id")), MappingRow._make)
_MAPPINGS = Query(
    select(import_mappings)
    .where(_m.id < bindparam("before", type_=_m.id.type))
    .order_by(_m.id.desc())
    .limit(bindparam("limit")),
    MappingRow._make,
)


async def find_import(reader: Reader, import_id: UUID) -> ImportRow | None:
    """One import."""
    return await IMPORT.first(reader, id=import_id)


async def page_of_imports(reader: Reader, *, owner: UUID | None, before: UUID | None, limit: int) -> Page[ImportRow]:
    """Imports, newest first: of one actor, or of all."""
    rows = await _PAGE.all(reader, before=before or _LAST, owner=owner, limit=limit + 1)
    return Page(rows[:limit], (rows[limit - 1].id.hex,) if len(rows) > limit else None)


async def jobs_of(reader: Reader, rows: Sequence[ImportRow]) -> dict[UUID, JobRow]:
    """The jobs of these imports, as far as they are kept."""
    ids = [job for row in rows for job in (row.job_id, row.undo_job_id) if job is not None]
    return {row.id: row for row in await _JOBS.all(reader, ids=ids)} if ids else {}


async def batches_from(reader: Reader, import_id: UUID, after: int, limit: int, *, failed: bool) -> list[BatchRow]:
    """Batches with rows from this place on; only those with failed ones, if wanted."""
    query = _FAILED if failed else _BATCHES
    return await query.all(reader, import_id=import_id, after=after, limit=limit)


async def batch_before(reader: Reader, import_id: UUID, before: int) -> BatchRow | None:
    """The last batch that begins before this place."""
    return await _BACKWARDS.first(reader, import_id=import_id, before=before)


async def images_among(reader: Reader, import_id: UUID, ids: Sequence[UUID]) -> list[ImageRow]:
    """What an import keeps of these customers."""
    return await _IMAGES.all(reader, import_id=import_id, ids=list(ids)) if ids else []


async def imports_before(reader: Reader, before: datetime) -> list[UUID]:
    """Imports that were made before then and are not at work, at most 100."""
    return await _OLD.all(reader, before=before)


async def find_mapping(reader: Reader, mapping_id: UUID) -> MappingRow | None:
    """One mapping profile."""
    return await MAPPING.first(reader, id=mapping_id)


async def page_of_mappings(reader: Reader, *, before: UUID | None, limit: int) -> Page[MappingRow]:
    """Mapping profiles, newest first."""
    rows = await _MAPPINGS.all(reader, before=before or _LAST, limit=limit + 1)
    return Page(rows[:limit], (rows[limit - 1].id.hex,) if len(rows) > limit else None)
