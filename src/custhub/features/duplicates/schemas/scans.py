"""Bodies of scans and of the settings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.duplicates.queries import SettingsRow
from custhub.features.duplicates.queries.scans import ScanStanding
from custhub.features.duplicates.rules import bits_of, millibits
from custhub.http.fields import Body, DuplicateScanId, JobId, Read, Revision
from custhub.jobs.states import JobStatus, status_of
from custhub.kit.ids import Prefix, to_text

Count = Annotated[int, Field(ge=0, le=9_223_372_036_854_775_807, json_schema_extra={"format": "int64"})]
_Cursor = Annotated[str, StringConstraints(max_length=500)]
_Word = Annotated[str, StringConstraints(max_length=40)]
#: Below this strangers are shown, above it nobody.
Threshold = Annotated[float, Field(ge=-10, le=40, allow_inf_nan=False)]
_Bits = Annotated[float, Field(ge=-10, le=40)]


class DuplicateScanQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class DuplicateScanRead(Read):
    """A scan and how far it is. Its counts are those of the whole hub."""

    id: DuplicateScanId
    object: Literal["duplicate_scan"]
    trigger: _Word = Field(description="`request`, `operator` or `schedule`")
    model_version: _Word
    status: JobStatus
    job_id: JobId
    customers: Count = Field(description="Live customers that were compared")
    pairs: Count = Field(description="Pairs that may be one person")
    opened: Count = Field(description="Pairs that are new")
    retired: Count = Field(description="Pairs that are none any more")
    clusters: Count = Field(description="Groups that merging by itself would make")
    clustered: Count = Field(description="Customers in those groups")
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    revision: Revision


class DuplicateScanPage(Read):
    """A page of scans, newest first."""

    data: Annotated[list[DuplicateScanRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class DuplicateSettingsPatch(Body):
    """Other settings; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"merge_bits": 8.5}]})

    review_bits: Threshold = Field(default=0.0, description="From which total a pair is shown to people")
    merge_bits: Threshold = Field(default=6.0, description="From which total two are one person")
    auto_merge: bool = Field(default=False, description="Join what a scan is sure of; needs a dry run first")
    daily_scan: bool = Field(default=False, description="Scan once a day, at night")

    def changes(self) -> dict[str, Any]:
        """The columns that were sent."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        bits = {"review_bits": "review", "merge_bits": "merge"}
        return {bits.get(name, name): millibits(value) if name in bits else value for name, value in sent.items()}


class DuplicateSettingsRead(Read):
    """From which score pairs are shown and joined, and what happens by itself."""

    object: Literal["duplicate_settings"]
    review_bits: _Bits
    merge_bits: _Bits
    auto_merge: bool
    daily_scan: bool
    updated_by: Annotated[str, StringConstraints(max_length=80)] | None
    updated_at: datetime
    revision: Revision


def scan_view(standing: ScanStanding) -> dict[str, Any]:
    """The body of a scan."""
    row = standing.row
    return {
        "id": to_text(Prefix.DUPLICATE_SCAN, row.id),
        "object": "duplicate_scan",
        "trigger": row.trigger,
        "model_version": row.model_version,
        "status": status(standing.state, is_done=row.finished_at is not None),
        "job_id": to_text(Prefix.JOB, row.id),
        "customers": row.customers,
        "pairs": row.pairs,
        "opened": row.opened,
        "retired": row.retired,
        "clusters": row.clusters,
        "clustered": row.clustered,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
        "revision": row.revision,
    }


def settings_view(row: SettingsRow) -> dict[str, Any]:
    """The body of the settings."""
    return {
        "object": "duplicate_settings",
        "review_bits": bits_of(row.review),
        "merge_bits": bits_of(row.merge),
        "auto_merge": row.auto_merge,
        "daily_scan": row.daily_scan,
        "updated_by": row.updated_by,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def settings_etag(row: SettingsRow) -> str:
    """The entity tag of the settings."""
    return f'"{row.revision}-00000000"'


def status(state: str | None, *, is_done: bool) -> JobStatus:
    """That of the job; jobs are forgotten earlier than what they did."""
    if is_done:
        return JobStatus.SUCCEEDED
    return JobStatus.CANCELED if state is None else status_of(state)
