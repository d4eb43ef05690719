"""Bodies of bulk actions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.features.bulk.queries import BulkCustomerRow, BulkStanding
from custhub.features.bulk.rules import RowOutcome, UndoOutcome
from custhub.features.customers.schemas.bodies import TagName, VocabularyEntry
from custhub.features.customers.schemas.listing import CustomerFilter, CustomerFilterRead, PageQuery
from custhub.http.fields import Body, BulkActionId, CustomerId, JobId, Read, Revision, SavedFilterId, TeamId, UserId
from custhub.jobs.states import JobStatus, status_of
from custhub.kit.ids import Prefix, text_or_none, to_text

MOST_IDS = 1_000
_INT64 = 9_223_372_036_854_775_807
_Count = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
_Code = Annotated[str, StringConstraints(max_length=60)]
_Tags = Annotated[list[TagName], Field(min_length=1, max_length=20)]


class AssignOwner(Body):
    """Give customers an owner, or none."""

    type: Literal["assign_owner"]
    owner_id: UserId | None


class AssignTeam(Body):
    """Give customers a team, or none."""

    type: Literal["assign_team"]
    team_id: TeamId | None


class SetStage(Body):
    """Set the lifecycle stage."""

    type: Literal["set_stage"]
    stage: VocabularyEntry


class AddTags(Body):
    """Put tags on customers."""

    type: Literal["add_tags"]
    tags: _Tags


class RemoveTags(Body):
    """Take tags off customers."""

    type: Literal["remove_tags"]
    tags: _Tags


class Archive(Body):
    """Archive customers."""

    type: Literal["archive"]


class Restore(Body):
    """Restore archived customers; a filter that says nothing of `archived` selects those."""

    type: Literal["restore"]


class ReassignLeaver(Body):
    """Give the live customers of somebody who leaves to somebody else."""

    type: Literal["reassign_leaver"]
    from_owner_id: UserId
    to_owner_id: UserId


Action = Annotated[
    AssignOwner | AssignTeam | SetStage | AddTags | RemoveTags | Archive | Restore | ReassignLeaver,
    Field(discriminator="type"),
]


class BulkActionCreate(Body):
    """One change to many customers, named by `filter`, `saved_filter_id` or `ids`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"filter": {"stage": ["lead"]}, "action": {"type": "add_tags", "tags": ["spring"]}, "dry_run": True},
            ]
        }
    )

    action: Action
    filter: CustomerFilter | None = Field(
        default=None, description="Those that a list with these filters shows; not needed for `reassign_leaver`"
    )
    saved_filter_id: SavedFilterId | None = None
    ids: Annotated[list[CustomerId], Field(min_length=1, max_length=MOST_IDS)] | None = None
    dry_run: bool = Field(default=False, description="Say what would happen, change nothing")


class BulkActionRead(Read):
    """A bulk action and how far it is."""

    id: BulkActionId
    object: Literal["bulk_action"]
    type: Annotated[str, StringConstraints(max_length=24)] = Field(description="What is done", examples=["add_tags"])
    owner_id: UserId | None = Field(description="The owner that is given")
    from_owner_id: UserId | None
    team_id: TeamId | None = Field(description="The team that is given")
    stage: Annotated[str, StringConstraints(max_length=40)] | None
    tags: Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=20)]
    filter: CustomerFilterRead | None = Field(description="Null where customers were named by their ids")
    dry_run: bool
    status: JobStatus
    job_id: JobId
    total: _Count | None = Field(description="How many there are to do; null above 10,000")
    changed: _Count
    unchanged: _Count = Field(description="Were so already")
    refused: _Count
    undo_status: JobStatus | None = Field(description="Of the undo, once asked for")
    undo_job_id: JobId | None
    restored: _Count = Field(description="Are as they were, by the undo")
    kept: _Count = Field(description="Changed since, or could not be restored")
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    revision: Revision


class BulkActionPage(Read):
    """A page of bulk actions, newest first."""

    data: Annotated[list[BulkActionRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class BulkActionQuery(PageQuery):
    """Place and size of a page."""


class BulkRowQuery(PageQuery):
    """Which of the customers."""

    outcome: RowOutcome | None = Field(default=None, description="What became of them")
    undo_outcome: UndoOutcome | None = Field(default=None, description="What became of them in the undo")


class BulkRowRead(Read):
    """What became of one customer."""

    customer_id: CustomerId
    object: Literal["bulk_action_row"]
    outcome: Annotated[str, StringConstraints(max_length=10)]
    error: _Code | None = Field(description="Code of what refused it")
    undo_outcome: Annotated[str, StringConstraints(max_length=10)] | None
    undo_error: _Code | None = Field(description="`changed_since`, or the code of what refused the undo")


class BulkRowPage(Read):
    """A page of what became of customers, by their ids."""

    data: Annotated[list[BulkRowRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


def bulk_action_view(standing: BulkStanding) -> dict[str, Any]:
    """The body of a bulk action."""
    row = standing.row
    action, kept = row.action, row.selection.get("filter")
    return {
        "id": to_text(Prefix.BULK_ACTION, row.id),
        "object": "bulk_action",
        "type": action["type"],
        "owner_id": action.get("owner_id") or action.get("to_owner_id"),
        "from_owner_id": action.get("from_owner_id"),
        "team_id": action.get("team_id"),
        "stage": action.get("stage"),
        "tags": action.get("tags", []),
        "filter": None if kept is None else CustomerFilter.model_validate(kept).shown(),
        "dry_run": row.is_dry_run,
        "status": _status(standing.state, is_done=row.finished_at is not None),
        "job_id": to_text(Prefix.JOB, row.id),
        "total": row.total,
        "changed": row.changed,
        "unchanged": row.unchanged,
        "refused": row.refused,
        "undo_status": None
        if row.undo_job_id is None
        else _status(standing.undo_state, is_done=row.undone_at is not None),
        "undo_job_id": text_or_none(Prefix.JOB, row.undo_job_id),
        "restored": row.restored,
        "kept": row.kept,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
        "undone_at": row.undone_at,
        "revision": row.revision,
    }


def bulk_row_view(row: BulkCustomerRow) -> dict[str, Any]:
    """What became of one customer."""
    return {
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "object": "bulk_action_row",
        "outcome": row.outcome,
        "error": row.error,
        "undo_outcome": row.undo_outcome,
        "undo_error": row.undo_error,
    }


def _status(state: str | None, *, is_done: bool) -> JobStatus:
    """That of the job; jobs are forgotten earlier than what they did."""
    if is_done:
        return JobStatus.SUCCEEDED
    return JobStatus.CANCELED if state is None else status_of(state)
