"""Bodies of exports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.features.consents.rules import ConsentChannel
from custhub.features.consents.schemas import Purpose as PurposeName
from custhub.features.customers.schemas.listing import CustomerFilter, CustomerFilterRead, PageQuery
from custhub.features.exports.queries import ExportStanding
from custhub.features.exports.rules.purposes import Purpose, left_out_of
from custhub.http.fields import LINE, Body, CustomerId, ExportId, JobId, Read, Revision, SavedFilterId
from custhub.jobs.states import JobStatus, status_of
from custhub.kit.ids import Prefix, to_text

MOST_IDS = 1_000
MOST_COLUMNS = 200
_INT64 = 9_223_372_036_854_775_807
_Count = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
_Column = Annotated[str, StringConstraints(min_length=1, max_length=100)]

Format = Literal["csv", "xlsx", "ndjson"]
MEDIA: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}


class ExportCreate(Body):
    """Which customers, in which form. They are named by `filter`, `saved_filter_id` or `ids`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"format": "csv", "filter": {"stage": ["lead"]}, "columns": ["id", "display_name", "phones[0].number"]}
            ]
        }
    )

    format: Format = Field(description="`csv` (UTF-8), `xlsx`, or `ndjson`: without columns the bodies of creates")
    filter: CustomerFilter | None = Field(default=None, description="Those that a list with these filters shows")
    saved_filter_id: SavedFilterId | None = None
    ids: Annotated[list[CustomerId], Field(min_length=1, max_length=MOST_IDS)] | None = None
    columns: Annotated[list[_Column], Field(min_length=1, max_length=MOST_COLUMNS)] | None = Field(
        default=None, description="`display_name`, `phones[0].number`, `external_ids[shop]`, `tags`; all without it"
    )
    purpose: PurposeName | None = Field(
        default=None, description="What the file is for: only customers who agree to it, by `channel`, are in it"
    )
    channel: ConsentChannel | None = Field(default=None, description="By what they will be contacted")
    unmasked: bool = Field(default=False, description="Numbers in full; needs `exports:pii` and a reason")
    reason: Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=LINE)] | None = Field(
        default=None, description="Why; kept in the audit log"
    )


class ExportLeftOut(Read):
    """How many customers of the selection are not in the file, counted when it was begun."""

    without_consent: _Count = Field(description="Their consent to purpose and channel is not granted")
    not_contactable: _Count = Field(description="It is, and they have no number or address that is not suppressed")


class ExportRead(Read):
    """An export and how far it is."""

    id: ExportId
    object: Literal["export"]
    format: Annotated[str, StringConstraints(max_length=8)]
    columns: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=MOST_COLUMNS)] | None
    filter: CustomerFilterRead | None = Field(description="Null where customers were named by their ids")
    purpose: Annotated[str, StringConstraints(max_length=40)] | None
    channel: ConsentChannel | None
    left_out: ExportLeftOut | None = Field(description="Of an export for a purpose, once it is begun")
    unmasked: bool
    reason: Annotated[str, StringConstraints(max_length=200)] | None
    status: JobStatus
    job_id: JobId
    total: _Count | None
    customers: _Count = Field(description="How many are in the file so far")
    cut: _Count = Field(description="Customers with more parts than there are columns for")
    size: _Count = Field(description="Bytes of the file, once it is written")
    file_url: Annotated[str, StringConstraints(max_length=200)] | None = Field(description="While there is a file")
    expires_at: datetime | None = Field(description="When the file is deleted")
    removed_at: datetime | None = Field(description="When it was deleted because somebody in it was erased")
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    revision: Revision


class ExportPage(Read):
    """A page of exports, newest first."""

    data: Annotated[list[ExportRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class ExportQuery(PageQuery):
    """Place and size of a page."""


class ExportLinkCreate(Body):
    """How long the link works."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"expires_in_seconds": 3600}]})

    expires_in_seconds: Annotated[int, Field(ge=60, le=86_400)] = 3_600


class ExportLinkRead(Read):
    """A link to a page from which the file can be downloaded once, without an account."""

    object: Literal["export_link"]
    url: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        description="Shown once: whoever has it has the file. Null in a replay"
    )
    expires_at: datetime


def export_view(standing: ExportStanding, now: datetime) -> dict[str, Any]:
    """The body of an export."""
    row = standing.row
    kept, purpose, left_out = row.selection.get("filter"), Purpose.of(row.selection), left_out_of(row.selection)
    has_file = row.finished_at is not None and row.removed_at is None and row.expires_at is not None
    text = to_text(Prefix.EXPORT, row.id)
    return {
        "id": text,
        "object": "export",
        "format": row.format,
        "columns": row.columns,
        "filter": None if kept is None else CustomerFilter.model_validate(kept).shown(),
        "purpose": purpose and purpose.name,
        "channel": purpose and purpose.channel,
        "left_out": left_out and left_out._asdict(),
        "unmasked": row.is_unmasked,
        "reason": row.reason,
        "status": _status(standing),
        "job_id": to_text(Prefix.JOB, row.id),
        "total": row.total,
        "customers": row.customers,
        "cut": row.cut,
        "size": row.size,
        "file_url": f"/v1/exports/{text}/file" if has_file and row.expires_at > now else None,  # type: ignore[operator]  # set with the file
        "expires_at": row.expires_at,
        "removed_at": row.removed_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
        "revision": row.revision,
    }


def _status(standing: ExportStanding) -> JobStatus:
    """That of the job; jobs are forgotten earlier than exports."""
    if standing.row.finished_at is not None:
        return JobStatus.SUCCEEDED
    return JobStatus.CANCELED if standing.state is None else status_of(standing.state)
