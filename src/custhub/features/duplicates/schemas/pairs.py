"""Bodies of pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from custhub.features.duplicates.errors import DecisionUnclear
from custhub.features.duplicates.queries.pairs import PairFilter, PairRecord
from custhub.features.duplicates.rules import (
    DecisionReason,
    PairDecision,
    PairState,
    Suggestion,
    bits_of,
    millibits,
    probability,
)
from custhub.http.fields import (
    Body,
    CalendarDay,
    CustomerId,
    DuplicateClusterId,
    DuplicateId,
    DuplicateScanId,
    MergeId,
    Read,
    Revision,
)
from custhub.kit.ids import Prefix, text_or_none, to_text

Cursor = Annotated[str, StringConstraints(max_length=500)]
#: Totals lie within these; what is far outside means all or nothing.
Bits = Annotated[float, Field(ge=-1_000, le=1_000, allow_inf_nan=False)]
_Name = Annotated[str, StringConstraints(max_length=60)]
_Value = Annotated[str, StringConstraints(max_length=1_000)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Count = Annotated[int, Field(ge=0, le=9_223_372_036_854_775_807, json_schema_extra={"format": "int64"})]


class DuplicateListQuery(BaseModel):
    """Which pairs."""

    model_config = ConfigDict(extra="forbid")

    state: PairState | None = Field(default=None, description="Only those in this state; `open` waits for a decision")
    suggested: Suggestion | None = Field(default=None, description="Only those of which the score suggests this")
    decision: PairDecision | None = Field(default=None, description="Only those that were decided so")
    total_gte: Bits | None = Field(default=None, description="Only those with this total or more, in bits")
    total_lt: Bits | None = Field(default=None, description="Only those with less than this total, in bits")
    contradiction: bool | None = Field(default=None, description="Only those with a contradiction, or without")
    customer_id: CustomerId | None = Field(default=None, description="Only those of this customer")
    cluster_id: DuplicateClusterId | None = Field(default=None, description="Only those of this group")
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before")

    def chosen(self) -> PairFilter:
        """The filter."""
        low, high = (None if bits is None else millibits(bits) for bits in (self.total_gte, self.total_lt))
        return PairFilter(
            self.state, self.suggested, self.decision, low, high, self.contradiction, self.cluster_id, self.customer_id
        )


class DuplicateDecide(Body):
    """What somebody decides about a pair."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"decision": "not_same", "reason": "household"},
                {"decision": "later", "until": "2026-12-01"},
            ]
        }
    )

    decision: PairDecision = Field(description="`merge` joins the two, `not_same` parts them for good, `later` waits")
    reason: DecisionReason | None = Field(default=None, description="Why; kept with the decision")
    until: CalendarDay | None = Field(default=None, description="With `later`: the day it comes back, in UTC")
    survivor_id: CustomerId | None = Field(
        default=None, description="With `merge`: whose id stays; the plan chooses without it"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        is_late, is_merge = self.decision is PairDecision.LATER, self.decision is PairDecision.MERGE
        if (self.until is not None and not is_late) or (self.survivor_id is not None and not is_merge):
            raise PydanticCustomError(DecisionUnclear.code, "what belongs to another decision")
        return self


class DuplicateEvidence(Read):
    """What one field says. `left` and `right` are null where the caller's role does not see the field."""

    field: _Name
    level: _Name
    bits: float
    left: _Value | None
    right: _Value | None
    term_count: _Count = Field(description="How many customers have the value that agrees")


class DuplicateExplanation(Read):
    """Why: `total` is the sum of `prior`, the `bits` of `fields`, and `household`, which is 0 or less."""

    model_version: _Name
    prior: float
    fields: Annotated[list[DuplicateEvidence], Field(max_length=20)]
    household: float = Field(description="What phone, mail and address of one home count for too much")
    contradictions: Annotated[list[_Name], Field(max_length=20)]
    total: float
    probability: _Share
    decision: _Name = Field(description="What the score suggests")
    rule: _Name


class DuplicateRead(Read):
    """Two customers that may be one person."""

    id: DuplicateId
    object: Literal["duplicate"]
    left_id: CustomerId
    right_id: CustomerId
    state: PairState
    suggested: Suggestion
    total: float = Field(description="In bits; from the threshold `merge_bits` on the two are one person")
    probability: _Share
    contradiction: bool
    cluster_id: DuplicateClusterId | None = Field(description="The group that merging by itself would make of them")
    outdated: bool = Field(description="One of the two changed since they were compared")
    explanation: DuplicateExplanation
    decision: PairDecision | None
    reason: DecisionReason | None
    decided_by: Annotated[str, StringConstraints(max_length=80)] | None
    decided_at: datetime | None
    later_until: date | None
    merge_id: MergeId | None = Field(description="The merge that followed, also one of a bulk merge")
    scan_id: DuplicateScanId
    created_at: datetime
    updated_at: datetime
    revision: Revision


class DuplicatePage(Read):
    """A page of pairs, the surest first."""

    data: Annotated[list[DuplicateRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


def duplicate_view(record: PairRecord, explanation: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a pair."""
    row = record.row
    return {
        "id": to_text(Prefix.DUPLICATE, row.id),
        "object": "duplicate",
        "left_id": to_text(Prefix.CUSTOMER, row.left_id),
        "right_id": to_text(Prefix.CUSTOMER, row.right_id),
        "state": row.state,
        "suggested": row.suggested,
        "total": bits_of(row.total),
        "probability": probability(row.total),
        "contradiction": row.has_contradiction,
        "cluster_id": text_or_none(Prefix.DUPLICATE_CLUSTER, row.cluster_id),
        "outdated": record.is_outdated,
        "explanation": explanation,
        "decision": row.decision,
        "reason": row.reason,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "later_until": row.later_until,
        "merge_id": text_or_none(Prefix.MERGE, row.merge_id),
        "scan_id": to_text(Prefix.DUPLICATE_SCAN, row.scan_id),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def etag_of(record: PairRecord, digest: str) -> str:
    """Strong entity tag: the revision, and what else shapes the body: the field policy and the two as they are."""
    told = f"{digest} {record.left_now} {record.right_now} {record.row.scan_id.hex}"
    return f'"{record.row.revision}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"'
