"""Bodies of scans and figures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.quality.models import FiguresRow
from custhub.features.quality.queries.scans import ScanStanding
from custhub.features.quality.rules import FindingKind
from custhub.http.fields import CalendarDay, JobId, Read, Revision, ScanId
from custhub.jobs.states import JobStatus, status_of
from custhub.kit.ids import Prefix, to_text

_INT64 = 9_223_372_036_854_775_807
_Count = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
_Cursor = Annotated[str, StringConstraints(max_length=500)]
_Share = Annotated[float, Field(ge=0, le=1)]
_BUCKETS = 10


class ScanQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class QualityScanRead(Read):
    """A scan and how far it is."""

    id: ScanId
    object: Literal["quality_scan"]
    trigger: Annotated[str, StringConstraints(max_length=10)] = Field(description="`request`, `operator` or `schedule`")
    status: JobStatus
    job_id: JobId
    customers: _Count = Field(description="Looked at, archived ones too")
    opened: _Count = Field(description="Findings that are new")
    resolved: _Count = Field(description="Findings whose reason is gone")
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    revision: Revision


class QualityScanPage(Read):
    """A page of scans, newest first."""

    data: Annotated[list[QualityScanRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class FiguresQuery(BaseModel):
    """Which days."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: CalendarDay | None = Field(default=None, alias="from", description="The first day, in UTC")
    to: CalendarDay | None = Field(default=None, description="The last day, in UTC")
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class FindingCounts(Read):
    """Findings of one kind."""

    kind: FindingKind
    open: _Count
    accepted: _Count
    rejected: _Count
    resolved: _Count


class QualityFiguresRead(Read):
    """How good the data of the whole hub was on one day, as the last scan of that day left it."""

    object: Literal["quality_figures"]
    day: date
    scan_id: ScanId
    taken_at: datetime
    customers: _Count = Field(description="That are not archived")
    phones: _Count
    phones_verified: _Count = Field(description="That were ever proven to be the customer's")
    verified_share: _Share | None = Field(description="Of all numbers; null without any")
    completeness_average: Annotated[float, Field(ge=0, le=100)] | None
    completeness: Annotated[list[_Count], Field(min_length=_BUCKETS, max_length=_BUCKETS)] = Field(
        description="Customers by completeness: below 10, below 20, and so on; the last one includes 100"
    )
    findings: Annotated[list[FindingCounts], Field(max_length=100)]


class QualityFiguresPage(Read):
    """A page of days, newest first."""

    data: Annotated[list[QualityFiguresRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def scan_view(standing: ScanStanding) -> dict[str, Any]:
    """The body of a scan."""
    row = standing.row
    return {
        "id": to_text(Prefix.SCAN, row.id),
        "object": "quality_scan",
        "trigger": row.trigger,
        "status": _status(standing),
        "job_id": to_text(Prefix.JOB, row.id),
        "customers": row.customers,
        "opened": row.opened,
        "resolved": row.resolved,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
        "revision": row.revision,
    }


def figures_view(row: FiguresRow) -> dict[str, Any]:
    """The body of one day."""
    return {
        "object": "quality_figures",
        "day": row.day,
        "scan_id": to_text(Prefix.SCAN, row.scan_id),
        "taken_at": row.taken_at,
        "customers": row.customers,
        "phones": row.phones,
        "phones_verified": row.phones_verified,
        "verified_share": round(row.phones_verified / row.phones, 4) if row.phones else None,
        "completeness_average": round(row.completeness_sum / row.customers, 1) if row.customers else None,
        "completeness": row.completeness,
        "findings": [
            {"kind": kind.value}
            | {
                state: row.findings.get(kind, {}).get(state, 0)
                for state in ("open", "accepted", "rejected", "resolved")
            }
            for kind in FindingKind
        ],
    }


def _status(standing: ScanStanding) -> JobStatus:
    """That of the job; jobs are forgotten earlier than what they did."""
    if standing.row.finished_at is not None:
        return JobStatus.SUCCEEDED
    return JobStatus.CANCELED if standing.state is None else status_of(standing.state)
