"""Views of imports, their rows and mapping profiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.features.customers.rules import ConflictRule, MatchKind
from custhub.features.customers.schemas.upsert import FieldNames
from custhub.features.imports.errors import REASONS
from custhub.features.imports.models import ImportRow, MappingRow
from custhub.features.imports.rules.formats import Encoding, FileKind
from custhub.features.imports.rules.outcomes import COUNTED, NAMES, TAKEN_BACK, Outcome
from custhub.features.imports.schemas.bodies import CellValue, Cursor, Mode, RowOutcome
from custhub.http.fields import CustomerId, ImportId, JobId, MappingId, Read, Revision
from custhub.http.issues import issue
from custhub.jobs.models import JobRow
from custhub.jobs.states import JobState, status_of
from custhub.kit.ids import Prefix, text_or_none, to_text

_INT64 = 9_223_372_036_854_775_807
Count = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
_Name = Annotated[str, StringConstraints(max_length=200)]
_Column = Annotated[str, StringConstraints(max_length=80)]
Status = Literal[
    "created", "ready", "queued", "running", "canceling", "succeeded", "failed", "canceled", "undoing", "undone"
]


class MappingRuleRead(Read):
    """What fills one field."""

    columns: Annotated[list[_Column], Field(max_length=10)]
    field: _Name
    join: Annotated[str, StringConstraints(max_length=10)]
    values: Annotated[dict[str, CellValue], Field(max_length=1_000)]


class PlanRead(Read):
    """Which columns go where."""

    rules: Annotated[list[MappingRuleRead], Field(max_length=200)]
    constants: Annotated[dict[str, CellValue], Field(max_length=50)]


class ImportFileRead(Read):
    """The file, as its content says."""

    size_bytes: Count
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$", max_length=64)]
    format: FileKind
    encoding: Encoding | None = Field(description="Null for a workbook")
    delimiter: Annotated[str, StringConstraints(max_length=1)] | None
    has_header: bool
    sheet: _Column | None
    columns: Annotated[list[_Column], Field(max_length=200)] = Field(
        description="Names of the columns; letters where there is no header"
    )
    rows: Count = Field(description="Rows under the header")


class ImportCounts(Read):
    """What became of the rows so far."""

    total: Count | None = Field(description="Null without a file")
    created: Count
    updated: Count
    unchanged: Count
    refused: Count = Field(description="Rows whose values do not stand against what is known: they wait as findings")
    failed: Count
    skipped: Count = Field(description="Rows with nothing on them")


class ImportUndoCounts(Read):
    """What an undo has done so far."""

    removed: Count = Field(description="Rows whose customers are gone again")
    restored: Count = Field(description="Rows whose customers are as they were")
    kept: Count = Field(description="Rows whose customers have changed since, and stay as they are")


class ImportConflictsRead(Read):
    """How rows meet what stands."""

    default: ConflictRule
    keep: FieldNames
    fill_empty: FieldNames
    replace: FieldNames


class ImportRead(Read):
    """An import."""

    id: ImportId
    object: Literal["import"]
    source: Annotated[str, StringConstraints(max_length=40)]
    mode: Mode
    match_on: Annotated[list[MatchKind], Field(max_length=3)] | None = Field(description="Null in mode `create`")
    on_conflict: ImportConflictsRead | None = Field(description="Null in mode `create`")
    occurred_at: datetime | None = Field(description="When the file was true")
    status: Status
    mapping: PlanRead
    mapping_id: MappingId | None
    file: ImportFileRead | None
    counts: ImportCounts
    undo: ImportUndoCounts | None = Field(description="Null while nobody takes it back")
    job_id: JobId | None = Field(description="The job that runs it: its progress")
    undo_job_id: JobId | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    updated_at: datetime
    revision: Revision


class ImportPage(Read):
    """A page of imports."""

    data: Annotated[list[ImportRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class ImportFault(Read):
    """Why a row failed, or what of it did not stand. No value is told."""

    column: _Column | None = Field(description="Column of the file; null where no single one is to blame")
    field: _Name | None = Field(description="The field that it goes to")
    code: Annotated[str, StringConstraints(max_length=60)]
    detail: Annotated[str, StringConstraints(max_length=1_000)]


class ImportRowRead(Read):
    """What became of one row."""

    object: Literal["import_row"]
    row: Count = Field(description="Its number in the file, the header being 1")
    outcome: RowOutcome
    customer_id: CustomerId | None
    errors: Annotated[list[ImportFault], Field(max_length=100)]


class ImportRowPage(Read):
    """A page of rows."""

    data: Annotated[list[ImportRowRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class PreviewCustomer(Read):
    """A customer as GET would show it, without ids and times: it is not there yet."""

    model_config = ConfigDict(extra="allow", frozen=True)


class ImportPreviewRow(Read):
    """What would become of one row."""

    object: Literal["import_preview_row"]
    row: Count
    outcome: Literal["create", "update", "unchanged", "refuse", "fail", "skip"]
    existing_id: CustomerId | None = Field(description="The customer that it finds, or that has its number or id")
    customer: PreviewCustomer | None = Field(description="As it would be stored and shown to you")
    errors: Annotated[list[ImportFault], Field(max_length=100)]


class ImportPreview(Read):
    """The first rows of a file, and what would become of them."""

    object: Literal["import_preview"]
    file: ImportFileRead
    unmapped_columns: Annotated[list[_Column], Field(max_length=200)] = Field(description="Columns that go nowhere")
    rows: Annotated[list[ImportPreviewRow], Field(max_length=100)]


class ImportMappingRead(Read):
    """A mapping profile."""

    id: MappingId
    object: Literal["import_mapping"]
    source: Annotated[str, StringConstraints(max_length=40)]
    name: Annotated[str, StringConstraints(max_length=100)]
    rules: Annotated[list[MappingRuleRead], Field(max_length=200)]
    constants: Annotated[dict[str, CellValue], Field(max_length=50)]
    created_at: datetime
    updated_at: datetime
    revision: Revision


class ImportMappingPage(Read):
    """A page of mapping profiles."""

    data: Annotated[list[ImportMappingRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


def file_view(row: ImportRow) -> dict[str, Any] | None:
    """The file of an import."""
    layout = row.layout
    if layout is None or row.file_sha256 is None:
        return None
    return {
        "size_bytes": row.file_size,
        "sha256": row.file_sha256.hex(),
        "format": layout["kind"],
        **{name: layout[name] for name in ("encoding", "delimiter", "has_header", "sheet", "columns", "rows")},
    }


def import_view(row: ImportRow, run: JobRow | None, undo: JobRow | None) -> dict[str, Any]:
    """The body of an import; `run` and `undo` are its jobs, as far as they are kept."""
    return {
        "id": to_text(Prefix.IMPORT, row.id),
        "object": "import",
        "source": row.source,
        "mode": row.mode,
        "match_on": None,
        "on_conflict": None,
        "occurred_at": None,
        **(row.matching or {}),
        "status": _status(row, run, undo),
        "mapping": row.mapping,
        "mapping_id": text_or_none(Prefix.MAPPING, row.mapping_id),
        "file": file_view(row),
        "counts": {
            "total": row.total,
            **{name: getattr(row, name) for name in COUNTED},
        },
        "undo": None if row.undo_job_id is None else {name: getattr(row, name) for name in TAKEN_BACK},
        "job_id": text_or_none(Prefix.JOB, row.job_id),
        "undo_job_id": text_or_none(Prefix.JOB, row.undo_job_id),
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def _status(row: ImportRow, run: JobRow | None, undo: JobRow | None) -> str:
    if row.state in ("created", "ready", "undone"):
        return row.state
    if undo is not None and JobState(undo.state) not in (JobState.CANCELED, JobState.FAILED, JobState.SUCCEEDED):
        return "undoing"
    if row.state == "finished":
        return "succeeded"
    if run is None:
        return "failed" if row.state == "failed" else "canceled"
    return str(status_of(run.state))


def fault_view(fault: Sequence[Any], columns: Sequence[str]) -> dict[str, Any]:
    """Why a row was refused: [column, field, code]."""
    column, field, code = fault
    detail = REASONS[code][0] if code in REASONS else issue("#", code).detail
    return {
        "column": columns[column] if 0 <= column < len(columns) else None,
        "field": field or None,
        "code": code,
        "detail": detail,
    }


def row_view(
    number: int, outcome: Outcome, customer: Any, faults: Sequence[Sequence[Any]], columns: Sequence[str]
) -> dict[str, Any]:
    """The body of one row."""
    return {
        "object": "import_row",
        "row": number,
        "outcome": NAMES[outcome],
        "customer_id": text_or_none(Prefix.CUSTOMER, customer),
        "errors": [fault_view(fault, columns) for fault in faults],
    }


def mapping_view(row: MappingRow) -> dict[str, Any]:
    """The body of a mapping profile."""
    return {
        "id": to_text(Prefix.MAPPING, row.id),
        "object": "import_mapping",
        "source": row.source,
        "name": row.name,
        **row.mapping,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def etag_of(row: ImportRow | MappingRow) -> str:
    """The entity tag of an import or a profile."""
    return f'"{row.revision}-00000000"'
