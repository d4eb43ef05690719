"""Bodies and views of the suppression list. No view holds a number or an address: the list cannot tell any."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from custhub.features.phones.schemas import Country, Number
from custhub.features.suppressions.errors import PointAmbiguous
from custhub.features.suppressions.models import SuppressionRow
from custhub.features.suppressions.rules import LiftReason, SuppressedPoint, SuppressionKind, SuppressionReason
from custhub.http.fields import Body, MailboxText, Read, Revision, SuppressionId
from custhub.kit.ids import Prefix, to_text

_S40 = Annotated[str, StringConstraints(max_length=40)]
Evidence = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]


class SuppressionCreate(Body):
    """A number or an e-mail address to suppress: exactly one of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"phone": "+86 138 1234 5678", "kind": "do_not_contact", "reason": "person_asked"}]
        }
    )

    phone: Number | None = Field(default=None, repr=False, description="In any spelling; an extension is passed over")
    country: Country | None = Field(default=None, description="Country of a number without country code")
    email: MailboxText | None = Field(default=None, repr=False)
    kind: SuppressionKind
    reason: SuppressionReason

    @model_validator(mode="after")
    def _one(self) -> SuppressionCreate:
        if (self.phone is None) == (self.email is None):
            raise PydanticCustomError(PointAmbiguous.code, "neither or both")
        return self


class SuppressionLift(Body):
    """Why an entry is lifted, and what shows that the person agrees."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "fresh_consent", "evidence": "Signed form of 31 January, scan 42"}]}
    )

    reason: LiftReason
    evidence: Evidence = Field(repr=False, description="Kept sealed; GET of one entry shows it")


class SuppressionRead(Read):
    """An entry of the suppression list."""

    id: SuppressionId
    object: Literal["suppression"]
    kind: SuppressionKind
    channel: SuppressedPoint
    reason: SuppressionReason
    created_by: _S40
    lifted_at: datetime | None
    lifted_by: _S40 | None
    lift_reason: LiftReason | None
    evidence: Annotated[str, StringConstraints(max_length=2_000)] | None = Field(
        description="What a lifting rested on; null in lists"
    )
    created_at: datetime
    updated_at: datetime
    revision: Revision


class SuppressionPage(Read):
    """A page of the suppression list."""

    data: Annotated[list[SuppressionRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class SuppressionQuery(BaseModel):
    """Which entries to list."""

    model_config = ConfigDict(extra="forbid")

    kind: SuppressionKind | None = Field(default=None, description="What it forbids")
    channel: SuppressedPoint | None = Field(default=None, description="What is suppressed")
    state: Literal["live", "lifted"] | None = Field(default=None, description="Whether it is in force")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")

    def filters(self) -> dict[str, Any]:
        """What was asked for, by name."""
        found: dict[str, Any] = {
            name: value.value for name in ("kind", "channel") if (value := getattr(self, name)) is not None
        }
        return found | ({self.state: True} if self.state is not None else {})


def suppression_view(row: SuppressionRow, evidence: str | None = None) -> dict[str, Any]:
    """The body of one entry."""
    return {
        "id": to_text(Prefix.SUPPRESSION, row.id),
        "object": "suppression",
        "kind": row.kind,
        "channel": row.channel,
        "reason": row.reason,
        "created_by": row.created_by,
        "lifted_at": row.lifted_at,
        "lifted_by": row.lifted_by,
        "lift_reason": row.lift_reason,
        "evidence": evidence,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
