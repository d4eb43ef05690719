"""Bodies of merges."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from custhub.http.fields import LINE, Body, CustomerId, MergeId, Read, Revision

#: Customers of one merge.
MOST_CUSTOMERS = 1_000
_Name = Annotated[str, StringConstraints(max_length=60)]
_Table = Annotated[
    str,
    StringConstraints(max_length=60),
    Field(
        description="Rows of what: `phones`, `emails`, `addresses`, `contacts`, `external_ids`, `tags` as in a body, "
        "`messages`, `findings` and others; `contacts.person_id`: contacts elsewhere that are one of the customers",
        examples=["phones"],
    ),
]
_Key = Annotated[str, StringConstraints(max_length=128)]
_Hash = Annotated[str, StringConstraints(max_length=4_000)]
_Cursor = Annotated[str, StringConstraints(max_length=500)]
_Count = Annotated[int, Field(ge=0, le=9_223_372_036_854_775_807, json_schema_extra={"format": "int64"})]
_CUSTOMER = "cus_01m81amc1cfrnt9m7qcr38rxrh"
_OTHER = "cus_01m81amc1dfrnt9m7qcr38rxrh"


class MergeReason(StrEnum):
    """Why customers are merged."""

    DUPLICATE = "duplicate"
    CUSTOMER_REQUEST = "customer_request"
    CORRECTION = "correction"
    IMPORT = "import"
    OTHER = "other"


class MergeChoice(Body):
    """Whose value a field gets, whatever the rules say."""

    field: Annotated[str, StringConstraints(max_length=60, pattern="^[a-z_]+(\\.[a-z][a-z0-9_]{0,39})?$")] = Field(
        description="A member of a customer's body, or `custom_fields.<key>`", examples=["birthday"]
    )
    customer_id: CustomerId = Field(examples=[_OTHER])


class MergePreview(Body):
    """Which customers would become one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_ids": [_CUSTOMER, _OTHER]}]})

    customer_ids: Annotated[list[CustomerId], Field(min_length=1, max_length=MOST_CUSTOMERS)] = Field(
        description="Ids that were merged before count as what they became", examples=[[_CUSTOMER, _OTHER]]
    )
    survivor_id: CustomerId | None = Field(
        default=None,
        description="Who the others become; without it the most confirmed, then most complete, then oldest one",
        examples=[_CUSTOMER],
    )
    choices: Annotated[list[MergeChoice], Field(max_length=200)] = Field(
        default=[], examples=[[{"field": "birthday", "customer_id": _OTHER}]]
    )


class MergeCreate(MergePreview):
    """A plan to be made true."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer_ids": [_CUSTOMER, _OTHER], "plan_hash": "3q2-7wAA", "reason": "duplicate"}]
        }
    )

    plan_hash: Annotated[_Hash, StringConstraints(min_length=1, pattern="^[A-Za-z0-9_-]+$")] = Field(
        description="As the preview gave it", examples=["3q2-7wAA"]
    )
    reason: MergeReason = Field(examples=["duplicate"])
    note: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=LINE)] | None = Field(
        default=None, examples=["told us on the phone"]
    )
    override_not_the_same: bool = Field(
        default=False,
        description="Merge although somebody decided that some of them are not the same",
        examples=[False],
    )


class UndoReason(StrEnum):
    """Why a merge is undone."""

    NOT_THE_SAME = "not_the_same"
    CUSTOMER_REQUEST = "customer_request"
    WRONG_VALUES = "wrong_values"
    OTHER = "other"


class MergeUndo(Body):
    """Why a merge is undone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not_the_same"}]})

    reason: UndoReason = Field(examples=["not_the_same"])


class MergeListQuery(BaseModel):
    """Which merges."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["done", "undone"] | None = Field(default=None, description="Only those of this state")
    customer_id: CustomerId | None = Field(default=None, description="Only those that this customer took part in")
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class MergeValueRead(Read):
    """What one of the customers had."""

    customer_id: CustomerId
    value: JsonValue = Field(description="Any JSON value; null where it cannot be shown any more")


class MergeFieldRead(Read):
    """Which value a field gets, and which do not stand. They stay readable here."""

    field: _Name
    rule: _Name = Field(
        description="`chosen`, `only`, `same`, `confirmed`, `verified`, `substance`, `source_priority`, "
        "`most_complete`, `most_recent`, `survivor`, `together` or `united`",
        examples=["most_recent"],
    )
    customer_id: CustomerId | None = Field(description="Whose value it is")
    value: JsonValue = Field(description="Any JSON value, as the caller's role sees it")
    rejected: Annotated[list[MergeValueRead], Field(max_length=MOST_CUSTOMERS)]


class MergeMoveRead(Read):
    """How many rows go to the survivor."""

    table: _Table
    rows: _Count


class MergeConflictRead(Read):
    """What several of the customers have, or what speaks against the merge. Nothing of it is lost."""

    kind: _Name = Field(
        description="`same_number`, `same_email`, `same_external_id`, `same_tag` or `not_the_same`",
        examples=["same_number"],
    )
    table: _Table
    customer_ids: Annotated[list[CustomerId], Field(max_length=MOST_CUSTOMERS)]
    keys: Annotated[list[_Key], Field(max_length=10_000, description="The rows, by their ids; tags by name")]


class MergeConsentRead(Read):
    """What counts for a purpose and channel: the strictest of what any of them said."""

    purpose: Annotated[str, StringConstraints(max_length=40)]
    channel: Annotated[str, StringConstraints(max_length=12)]
    status: Annotated[str, StringConstraints(max_length=10)]
    customer_id: CustomerId


class MergePlanRead(Read):
    """What a merge comes to. Fields that the caller does not see are left out."""

    object: Literal["merge_plan"]
    survivor_id: CustomerId
    customer_ids: Annotated[list[CustomerId], Field(max_length=MOST_CUSTOMERS, description="The survivor first")]
    plan_hash: _Hash = Field(description="To be sent with the merge", examples=["3q2-7wAA"])
    fields: Annotated[list[MergeFieldRead], Field(max_length=300)]
    moves: Annotated[list[MergeMoveRead], Field(max_length=50)]
    conflicts: Annotated[list[MergeConflictRead], Field(max_length=100_000)]
    consents: Annotated[list[MergeConsentRead], Field(max_length=1_000, description="With `consents:read` alone")]


class MergeRead(Read):
    """Customers that became one."""

    id: MergeId
    object: Literal["merge"]
    survivor_id: CustomerId
    merged_ids: Annotated[list[CustomerId], Field(max_length=MOST_CUSTOMERS)]
    state: _Name = Field(description="`done` or `undone`", examples=["done"])
    reason: MergeReason
    created_by: Annotated[str, StringConstraints(max_length=80)]
    undone_by: Annotated[str, StringConstraints(max_length=80)] | None
    undone_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: Revision


class MergeUndoConflictRead(Read):
    """What is not as it was before the merge."""

    customer_id: CustomerId = Field(description="Whose it would be")
    field: _Name | None = Field(description="The member of the survivor that somebody changed since")
    table: _Table
    id: _Key | None = Field(description="The row; of a tag its name in small letters")
    reason: _Name = Field(
        description="`changed`: it is as somebody has changed it since. `gone`: it was removed since. `taken`: it is "
        "another customer's by now. `said_since`: a refusal of after the merge, which counts for both",
        examples=["gone"],
    )


class MergeOutcomeRead(Read):
    """What came of an undo."""

    returned: Annotated[list[MergeMoveRead], Field(max_length=50, description="Rows that are the others' again")]
    restored: Annotated[
        list[_Name], Field(max_length=300, description="Members of the survivor that have their former value again")
    ]
    conflicts: Annotated[list[MergeUndoConflictRead], Field(max_length=100_000)]
    erased: Annotated[
        list[CustomerId], Field(max_length=MOST_CUSTOMERS, description="Who stays as nothing was left of them")
    ]


class MergeUndoneRead(MergeRead):
    """A merge that was undone, and what came of it."""

    undo: MergeOutcomeRead


class MergeDetailRead(MergeRead):
    """The same with the plan that was made true; its lists are empty when the survivor was erased."""

    undo: MergeOutcomeRead | None = Field(description="Once it was undone; null when the survivor was erased since")

    note: Annotated[str, StringConstraints(max_length=500)] | None
    fields: Annotated[list[MergeFieldRead], Field(max_length=300)]
    moves: Annotated[list[MergeMoveRead], Field(max_length=50)]
    conflicts: Annotated[list[MergeConflictRead], Field(max_length=100_000)]
    consents: Annotated[list[MergeConsentRead], Field(max_length=1_000, description="With `consents:read` alone")]


class MergePage(Read):
    """A page of merges, newest first."""

    data: Annotated[list[MergeRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class MergeTableCheckRead(Read):
    """Rows of one table: those that the customers had, and those that are where they belong now."""

    table: _Table
    before: _Count
    after: _Count
    missing: Annotated[list[_Key], Field(max_length=1_000, description="Removed since, or lost; the first of them")]


class MergeValueCheckRead(Read):
    """A value that is neither with the survivor nor readable any more."""

    field: _Name
    customer_id: CustomerId


class MergeConsentCheckRead(Read):
    """What the strictest of them said, and what counts now."""

    purpose: Annotated[str, StringConstraints(max_length=40)]
    channel: Annotated[str, StringConstraints(max_length=12)]
    strictest: Annotated[str, StringConstraints(max_length=10)]
    now: Annotated[str, StringConstraints(max_length=10)] | None
    kept: bool = Field(description="As strict, or the customer has said something since")


class MergeVerificationRead(Read):
    """Whether all that the customers had is still there, computed from their images of before and the data of now."""

    object: Literal["merge_verification"]
    merge_id: MergeId
    ok: bool
    changed_since: bool = Field(description="The survivor was changed after the merge: rows may be missing by right")
    tables: Annotated[list[MergeTableCheckRead], Field(max_length=50)]
    values_checked: _Count
    values_lost: Annotated[list[MergeValueCheckRead], Field(max_length=10_000)]
    consents: Annotated[list[MergeConsentCheckRead], Field(max_length=1_000, description="With `consents:read` alone")]
