"""Bodies of the check for duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.matching.errors import CheckUnclear
from custhub.http.fields import Body, CustomerId, Read

_Name = Annotated[str, StringConstraints(max_length=60)]
_Value = Annotated[str, StringConstraints(max_length=1_000)]
_Count = Annotated[int, Field(ge=0, le=9_223_372_036_854_775_807, json_schema_extra={"format": "int64"})]


class DuplicateCheck(Body):
    """Whom to compare: somebody who is not stored yet, or a customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer": {"display_name": "李娜", "emails": [{"email": "li.na@example.com"}]}}]
        }
    )

    customer: CustomerCreate | None = Field(default=None, description="As it would be created; nothing is stored")
    customer_id: CustomerId | None = Field(default=None, description="A customer that is stored")

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        if (self.customer is None) == (self.customer_id is None):
            raise PydanticCustomError(CheckUnclear.code, "one of customer and customer_id")
        return self


class CandidateEvidence(Read):
    """What one field says. `left` is of who was sent, `right` of the candidate; null where the role does not see it."""

    field: _Name
    level: _Name
    bits: float
    left: _Value | None
    right: _Value | None
    term_count: _Count = Field(description="How many customers have the value that agrees")


class CandidateExplanation(Read):
    """Why: `total` is the sum of `prior`, the `bits` of `fields`, and `household`, which is 0 or less."""

    model_version: _Name
    prior: float
    fields: Annotated[list[CandidateEvidence], Field(max_length=20)]
    household: float = Field(description="What phone, mail and address of one home count for too much")
    contradictions: Annotated[list[_Name], Field(max_length=20)]
    total: float
    probability: Annotated[float, Field(ge=0, le=1)]
    decision: _Name = Field(description="What the score suggests: `merge` or `review`")
    rule: _Name


class CandidateRead(Read):
    """A customer that may be the same."""

    object: Literal["duplicate_candidate"]
    customer_id: CustomerId
    explanation: CandidateExplanation


class CandidateList(Read):
    """Who may be the same, the surest first."""

    data: Annotated[list[CandidateRead], Field(max_length=5)]


def candidates_view(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of a check."""
    return {"data": [{"object": "duplicate_candidate", **one} for one in found]}
