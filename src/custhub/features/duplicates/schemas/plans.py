"""Bodies of bulk merges."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.duplicates.queries.plans import BulkMergeStanding, Group
from custhub.features.duplicates.rules import MOST_RECORDS, GroupState, bits_of
from custhub.features.duplicates.schemas.scans import Count, Threshold, status
from custhub.http.fields import Body, BulkMergeId, CustomerId, JobId, MergeId, Read, Revision
from custhub.jobs.states import JobStatus
from custhub.kit.ids import Prefix, text_or_none, to_text

_Cursor = Annotated[str, StringConstraints(max_length=500)]
_Word = Annotated[str, StringConstraints(max_length=40)]
_Int32 = Annotated[int, Field(ge=0, le=2_147_483_647, json_schema_extra={"format": "int32"})]


class BulkMergeCreate(Body):
    """Which groups are joined: those that a score from `threshold` on makes, without a contradiction."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"threshold": 8.0, "dry_run": True}]})

    threshold: Threshold = Field(description="In bits; not below `merge_bits` of the settings")
    dry_run: bool = Field(default=True, description="Say what would be joined, change nothing")


class BulkMergeQuery(BaseModel):
    """Place and size of a page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class BulkMergeRead(Read):
    """A bulk merge and how far it is."""

    id: BulkMergeId
    object: Literal["bulk_merge"]
    trigger: _Word = Field(description="`request`, `operator` or `scan`")
    threshold: float
    dry_run: bool
    model_version: _Word
    status: JobStatus
    job_id: JobId
    customers: Count = Field(description="Live customers that were compared")
    groups: Count = Field(description="Groups to join")
    grouped: Count = Field(description="Customers in them")
    largest: _Int32 = Field(description="Customers of the largest group")
    withheld: Count = Field(description="Groups that are left to people")
    merged: Count = Field(description="Groups that were joined")
    refused: Count = Field(description="Groups that could not be joined")
    undo_status: JobStatus | None = Field(description="Of the undo, once asked for")
    undo_job_id: JobId | None
    undone: Count = Field(description="Merges that the undo took back")
    kept: Count = Field(description="Merges that it could not take back")
    created_at: datetime
    updated_at: datetime
    planned_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None
    revision: Revision


class BulkMergePage(Read):
    """A page of bulk merges, newest first."""

    data: Annotated[list[BulkMergeRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class BulkMergeGroupRead(Read):
    """A group of a bulk merge and what became of it."""

    object: Literal["bulk_merge_group"]
    place: _Int32
    state: GroupState
    error: Annotated[str, StringConstraints(max_length=60)] | None = Field(
        description="Why people have to decide: `not_same`, `both_confirmed`, `changed_since`, or the code of a refusal"
    )
    customer_ids: Annotated[list[CustomerId], Field(max_length=MOST_RECORDS)]
    merge_id: MergeId | None


class BulkMergeGroupPage(Read):
    """A page of groups in their order."""

    data: Annotated[list[BulkMergeGroupRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def bulk_merge_view(standing: BulkMergeStanding) -> dict[str, Any]:
    """The body of a bulk merge."""
    row = standing.row
    undo = None if row.undo_job_id is None else status(standing.undo_state, is_done=row.undone_at is not None)
    return {
        "id": to_text(Prefix.BULK_MERGE, row.id),
        "object": "bulk_merge",
        "trigger": row.trigger,
        "threshold": bits_of(row.threshold),
        "dry_run": row.is_dry_run,
        "model_version": row.model_version,
        "status": status(standing.state, is_done=row.finished_at is not None),
        "job_id": to_text(Prefix.JOB, row.id),
        "customers": row.customers,
        "groups": row.groups,
        "grouped": row.grouped,
        "largest": row.largest,
        "withheld": row.withheld,
        "merged": row.merged,
        "refused": row.refused,
        "undo_status": undo,
        "undo_job_id": text_or_none(Prefix.JOB, row.undo_job_id),
        "undone": row.undone,
        "kept": row.kept,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "planned_at": row.planned_at,
        "finished_at": row.finished_at,
        "undone_at": row.undone_at,
        "revision": row.revision,
    }


def group_view(group: Group) -> dict[str, Any]:
    """The body of a group."""
    row = group.row
    return {
        "object": "bulk_merge_group",
        "place": row.place,
        "state": row.state,
        "error": row.error,
        "customer_ids": [to_text(Prefix.CUSTOMER, customer_id) for customer_id in group.members],
        "merge_id": text_or_none(Prefix.MERGE, row.merge_id),
    }
