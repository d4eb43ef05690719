"""Bodies of the verification policy and of the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.customers.schemas.bodies import VocabularyEntry
from custhub.features.customers.schemas.confirmations import FieldName
from custhub.features.phones.rules import VerificationResult
from custhub.features.quality.models import PolicyRow
from custhub.features.quality.queries.verifications import DueRecord
from custhub.features.quality.rules import Interval
from custhub.http.fields import Body, CustomerId, PhoneId, Read, Revision
from custhub.kit.ids import Prefix, to_text

_Cursor = Annotated[str, StringConstraints(max_length=500)]
_Who = Annotated[str, StringConstraints(max_length=80)]
_MOST_STAGES = 100
_MOST_FIELDS = 50


class StageRule(Body):
    """What customers of one stage need."""

    stage: VocabularyEntry = Field(description="An entry of the vocabulary `stage`", examples=["active"])
    interval: Interval = Field(description="How often a number of theirs is verified", examples=["quarterly"])
    required_fields: Annotated[list[FieldName], Field(max_length=_MOST_FIELDS)] = Field(
        default_factory=list, description="Members they must have; a scan reports those that are missing"
    )


class VerificationPolicyPut(Body):
    """The whole policy."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "default": "never",
                    "stages": [
                        {"stage": "active", "interval": "quarterly", "required_fields": ["language", "addresses"]},
                        {"stage": "lead", "interval": "monthly"},
                    ],
                }
            ]
        }
    )

    default: Interval = Field(description="For stages that are not named")
    stages: Annotated[list[StageRule], Field(max_length=_MOST_STAGES)] = Field(default_factory=list)


class StageRuleRead(Read):
    """What customers of one stage need."""

    stage: Annotated[str, StringConstraints(max_length=40)]
    interval: Interval
    required_fields: Annotated[list[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=_MOST_FIELDS)]


class VerificationPolicyRead(Read):
    """How often customers are verified."""

    object: Literal["verification_policy"]
    default: Interval
    stages: Annotated[list[StageRuleRead], Field(max_length=_MOST_STAGES)]
    updated_by: _Who | None
    updated_at: datetime
    revision: Revision


class DueQuery(BaseModel):
    """Which part of the queue."""

    model_config = ConfigDict(extra="forbid")

    claimed: Literal["any", "free", "mine"] = Field(
        default="any", description="All, those that nobody has undertaken to call, or your own"
    )
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class VerificationClaim(Body):
    """How many customers somebody undertakes to call, and for how long they are kept from others."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"limit": 5, "minutes": 30}]})

    limit: int = Field(default=1, ge=1, le=50)
    minutes: int = Field(default=15, ge=1, le=240)


class VerificationRelease(Body):
    """Whom the caller will not call after all."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customer_ids": ["cus_01k6m7d8e9f0g1h2j3k4m5n6p7"]}]})

    customer_ids: Annotated[list[CustomerId], Field(min_length=1, max_length=50)] = Field(
        description="Those whom nobody, or somebody else, has undertaken to call are left as they are"
    )


class DueVerificationRead(Read):
    """A customer whose number is due. `doubt` is 0 to 100; the most doubtful come first."""

    object: Literal["verification"]
    customer_id: CustomerId
    phone_id: PhoneId
    stage: Annotated[str, StringConstraints(max_length=40)]
    doubt: Annotated[int, Field(ge=0, le=100, json_schema_extra={"format": "int32"})]
    due_at: datetime
    verified_at: datetime | None
    attempts: Annotated[int, Field(ge=0, le=2_147_483_647, json_schema_extra={"format": "int32"})] = Field(
        description="That came to nothing since it is due"
    )
    last_result: VerificationResult | None
    last_at: datetime | None
    claimed_by: _Who | None = Field(description="Who undertook to call, while that holds")
    claimed_until: datetime | None


class DueVerificationPage(Read):
    """A page of the queue."""

    data: Annotated[list[DueVerificationRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def policy_view(row: PolicyRow) -> dict[str, Any]:
    """The body of the policy."""
    return {
        "object": "verification_policy",
        "default": row.default_interval,
        "stages": [{"stage": stage, **rule} for stage, rule in sorted(row.stages.items())],
        "updated_by": row.updated_by,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def policy_etag(row: PolicyRow) -> str:
    """The entity tag of the policy."""
    return f'"{row.revision}-00000000"'


def verification_view(record: DueRecord, now: datetime) -> dict[str, Any]:
    """The body of a place in the queue; a claim that ran out is none."""
    row = record.row
    held = row.claimed_until is not None and row.claimed_until > now
    return {
        "object": "verification",
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "phone_id": to_text(Prefix.PHONE, row.phone_id),
        "stage": record.stage,
        "doubt": 100 - row.certainty,
        "due_at": row.due_at,
        "verified_at": record.verified_at,
        "attempts": row.attempts,
        "last_result": row.last_result,
        "last_at": row.last_at,
        "claimed_by": row.claimed_by if held else None,
        "claimed_until": row.claimed_until if held else None,
    }
