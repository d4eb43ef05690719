"""Routes of imports."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from custhub.features.customers.deps import context_of
from custhub.features.imports.deps import CanImport, CanStart, Imports, parts_of
from custhub.features.imports.errors import (
    FileRefused,
    ImportFileMissing,
    ImportNotFinished,
    ImportNotFound,
    ImportStarted,
    ImportUndone,
    MappingInvalid,
    MappingNotFound,
)
from custhub.features.imports.queries import find_mapping, jobs_of, page_of_imports
from custhub.features.imports.rules.mapping import Plan, check_fields
from custhub.features.imports.rules.outcomes import BY_NAME
from custhub.features.imports.schemas.answers import (
    ImportPage,
    ImportPreview,
    ImportRead,
    ImportRowPage,
    etag_of,
    fault_view,
    file_view,
    import_view,
    row_view,
)
from custhub.features.imports.schemas.bodies import ImportCreate, PageQuery, RowsQuery
from custhub.features.imports.service.imports import check_rights, visible_import
from custhub.features.imports.service.preview import foresee
from custhub.features.imports.service.results import error_report, page_of_rows
from custhub.features.imports.service.rows import schema_of
from custhub.features.operations.schemas.jobs import JobRead, job_view
from custhub.http.answers import Answer, created, dump, not_modified, ok, page
from custhub.http.deps import TheCall, Uow
from custhub.http.fields import ImportId
from custhub.http.openapi import CONDITIONAL, NO_STORE, problems, traits
from custhub.http.routing import UPLOAD, hub_router
from custhub.jobs.models import JobRow
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.kit.paging import Cursors
from custhub.security.scopes import Scope

router = hub_router("/v1/imports", "imports")
_RAW = {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "maxLength": 17_179_869_184}}}
_CSV = {"text/csv": {"schema": {"type": "string", "maxLength": 1_073_741_824}}}


@router.post("", status_code=201, response_model=ImportRead, responses=problems(MappingInvalid, MappingNotFound))
async def create_import(body: ImportCreate, _: CanImport, imports: Imports, uow: Uow, call: TheCall) -> Response:
    """Begin an import: where its rows come from and which column goes where.

    Its file is uploaded next, then it is previewed and started. Nothing is stored of it before.
    """
    plan = body.mapping.plan() if body.mapping is not None else Plan((), {})
    if body.mapping_id is not None:
        if body.mapping is not None:
            raise MappingInvalid
        profile = await find_mapping(uow, body.mapping_id)
        if profile is None:
            raise MappingNotFound
        plan = Plan.of(profile.mapping)
    check_fields(plan, schema_of(parts_of(call).standards.catalogue.value))
    row = imports.create(
        source=body.source,
        mode=body.mode,
        matching=body.matching(),
        mapping=plan.to_json(),
        mapping_id=body.mapping_id,
        wishes=body.options.wishes(),
    )
    return created(import_view(row, None, None), _path(row.id), etag_of(row))


@router.get("", response_model=ImportPage)
async def list_imports(
    request: Request, query: Annotated[PageQuery, Query()], who: CanImport, call: TheCall
) -> Response:
    """List imports, newest first: your own, or all with `jobs:manage`."""
    owner = None if Scope.JOBS_MANAGE in who.scopes else who.id
    database = call.hub.database
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "imports", "all" if owner is None else "own"])
    after = cursors.read(query.cursor)
    found = await page_of_imports(database, owner=owner, before=UUID(after[0]) if after else None, limit=query.limit)
    jobs = await jobs_of(database, found.items)
    cursor = cursors.write(found.after)
    views = [import_view(row, _job(jobs, row.job_id), _job(jobs, row.undo_job_id)) for row in found.items]
    return page(views, cursor, _next(request, cursor))


@router.get(
    "/{import_id}",
    response_model=ImportRead,
    responses=problems(ImportNotFound),
    openapi_extra=traits(CONDITIONAL),
)
async def get_import(import_id: ImportId, who: CanImport, call: TheCall) -> Response:
    """Get one import: what its file is, and what became of the rows so far."""
    database = call.hub.database
    row = await visible_import(database, who, import_id)
    jobs = await jobs_of(database, [row])
    run, undo = _job(jobs, row.job_id), _job(jobs, row.undo_job_id)
    # Its status follows the jobs, too.
    revision = row.revision + sum(job.revision for job in (run, undo) if job is not None)
    etag = f'"{row.revision}-{revision % (1 << 32):08x}"'
    return not_modified(etag) if call.has_seen(etag) else ok(import_view(row, run, undo), etag)


@router.put(
    "/{import_id}/file",
    response_model=ImportRead,
    responses=problems(ImportNotFound, ImportStarted, FileRefused),
    openapi_extra={"requestBody": {"required": True, "content": _RAW}},
    max_body_size=UPLOAD,
)
async def put_import_file(import_id: ImportId, request: Request, _: CanImport, imports: Imports) -> Response:
    """Upload the file: CSV, NDJSON or XLSX, as it is, whatever its name.

    It is encrypted while it streams and read once as a whole: the answer says what it is, or why it is refused; then
    nothing of it is kept. The same content again changes nothing; another file replaces the first, until the start.
    Files are deleted within 24 hours.
    """
    row = await imports.upload(import_id, request.stream())
    return ok(import_view(row, None, None), etag_of(row))


@router.get(
    "/{import_id}/preview",
    response_model=ImportPreview,
    responses=problems(ImportNotFound, ImportFileMissing, MappingInvalid, FileRefused),
    openapi_extra=traits(NO_STORE),
)
async def preview_import(
    import_id: ImportId,
    request: Request,
    who: CanStart,
    call: TheCall,
    rows: Annotated[int, Query(ge=1, le=100, description="How many rows")] = 20,
) -> Response:
    """Show the first rows and what would become of them, without storing anything."""
    row = await visible_import(call.hub.database, who, import_id)
    check_rights(who, row)
    context = context_of(request)
    found = await foresee(context, parts_of(call), row, rows)
    columns = row.layout["columns"]
    view = {
        "object": "import_preview",
        "file": file_view(row),
        "unmapped_columns": found.unmapped,
        "rows": [
            {
                "object": "import_preview_row",
                "row": foreseen.number,
                "outcome": foreseen.outcome,
                "existing_id": text_or_none(Prefix.CUSTOMER, foreseen.existing_id),
                "customer": foreseen.customer,
                "errors": [fault_view(fault, columns) for fault in foreseen.faults],
            }
            for foreseen in found.rows
        ],
    }
    return Answer(dump(view), 200, ((b"cache-control", b"no-store"),))


@router.post(
    "/{import_id}/start",
    status_code=202,
    response_model=JobRead,
    responses=problems(ImportNotFound, ImportFileMissing, ImportStarted, MappingInvalid),
)
async def start_import(import_id: ImportId, _: CanStart, imports: Imports) -> Response:
    """Store the rows, as a job, with your rights of now.

    Each row succeeds or fails on its own, by the rules of a create or of an upsert. Modes `update` and `upsert` need
    `customers:write`, too. The job can be canceled; what it has stored until
    then stays, and can be undone.
    """
    _row, job = await imports.start(import_id)
    return _accepted(job)


@router.post(
    "/{import_id}/undo",
    status_code=202,
    response_model=JobRead,
    responses=problems(ImportNotFound, ImportNotFinished, ImportUndone),
)
async def undo_import(import_id: ImportId, _: CanStart, imports: Imports) -> Response:
    """Take an import back, as a job.

    Customers that it made are gone afterwards, and their ids answer 410; those that it changed are what they were.
    Those that somebody has changed since, or made ones that others speak of, stay as they are; `rows?outcome=kept`
    names them.
    """
    _row, job = await imports.undo(import_id)
    return _accepted(job)


@router.get("/{import_id}/rows", response_model=ImportRowPage, responses=problems(ImportNotFound))
async def list_import_rows(
    import_id: ImportId, request: Request, query: Annotated[RowsQuery, Query()], who: CanImport, call: TheCall
) -> Response:
    """List what became of each row, in the order of the file."""
    row = await visible_import(call.hub.database, who, import_id)
    cursors = Cursors(call.hub.keys.cursors.sign, [who.id.hex, "import-rows", row.id.hex, query.outcome])
    after = cursors.read(query.cursor)
    outcome = None if query.outcome is None else BY_NAME[query.outcome]
    found = await page_of_rows(call.hub.database, row, outcome, int(after[0]) if after else 0, query.limit)
    cursor = cursors.write(found.after)
    columns = row.layout["columns"] if row.layout is not None else []
    views = [row_view(r.number, r.outcome, r.customer_id, r.faults, columns) for r in found.items]
    return page(views, cursor, _next(request, cursor))


@router.get(
    "/{import_id}/errors",
    response_class=StreamingResponse,
    responses={200: {"content": _CSV}, **problems(ImportNotFound)},
    openapi_extra=traits(NO_STORE),
)
async def get_import_errors(import_id: ImportId, who: CanImport, call: TheCall) -> Response:
    """Download the refused rows as CSV: row number, column, field and code, never a value."""
    row = await visible_import(call.hub.database, who, import_id)
    name = f"errors-{to_text(Prefix.IMPORT, row.id)}.csv"
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(error_report(call.hub.database, row), media_type="text/csv", headers=headers)


def _path(import_id: UUID) -> str:
    return f"/v1/imports/{to_text(Prefix.IMPORT, import_id)}"


def _job(jobs: dict[UUID, JobRow], job_id: UUID | None) -> JobRow | None:
    return None if job_id is None else jobs.get(job_id)


def _next(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"


def _accepted(job: JobRow) -> Answer:
    location = f"/v1/jobs/{to_text(Prefix.JOB, job.id)}"
    return Answer(job_view(job), 202, ((b"location", location.encode()), (b"retry-after", b"2")))
