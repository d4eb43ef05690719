"""Create or update in one call: which keys match, and how what is sent meets what stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from custhub.features.customers.rules import ConflictRule, MatchKind
from custhub.features.customers.schemas.answers import CustomerRead
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.http.fields import Body, Read, Timestamp
from custhub.security.fields import Field as PolicyField

UpsertResult = Literal["created", "updated", "unchanged"]
_FIELDS = sorted(field.value for field in PolicyField if field is not PolicyField.KIND)


def _known(value: str) -> str:
    if value not in _FIELDS:
        raise PydanticCustomError("unknown_value", "no field of a customer")
    return value


FieldName = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "enum": _FIELDS, "maxLength": 40}),
]
FieldNames = Annotated[list[FieldName], Field(max_length=100)]


class ConflictRules(Body):
    """How what is sent meets what stands. A field in several lists follows the most careful one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"default": "replace", "keep": ["stage"], "fill_empty": ["note"]}]}
    )

    default: ConflictRule = Field(default=ConflictRule.REPLACE, description="For every field not named here")
    keep: FieldNames = Field(default_factory=list, description="Never written")
    fill_empty: FieldNames = Field(default_factory=list, description="Written only where nothing stands")
    replace: FieldNames = Field(default_factory=list, description="Written; of parts, those that are new are added")

    def of(self, field: str) -> ConflictRule:
        """The rule of one field."""
        if field in self.keep:
            return ConflictRule.KEEP
        if field in self.fill_empty:
            return ConflictRule.FILL_EMPTY
        return ConflictRule.REPLACE if field in self.replace else self.default


class UpsertRequest(Body):
    """A customer to create, or to find and update."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "match_on": ["external_id", "phone"],
                    "on_conflict": {"default": "replace", "keep": ["stage"]},
                    "occurred_at": "2026-01-31T08:00:00Z",
                    "customer": {
                        "display_name": "李娜",
                        "phones": [{"number": "138 1234 5678"}],
                        "external_ids": [{"source": "shop", "id": "A-1042"}],
                        "source": "web",
                    },
                }
            ]
        }
    )

    match_on: list[MatchKind] = Field(
        min_length=1,
        max_length=3,
        description="Any of these keys finds the customer; kinds that the customer does not have are passed over",
        examples=[["external_id", "phone"]],
    )
    on_conflict: ConflictRules = Field(default_factory=ConflictRules)
    occurred_at: Timestamp | None = Field(
        default=None, description="When this was true; what is older than what stands only fills what is empty"
    )
    customer: CustomerCreate


class UpsertRead(Read):
    """What became of it, and the customer as it is now."""

    object: Literal["upsert"]
    outcome: UpsertResult
    customer: CustomerRead
