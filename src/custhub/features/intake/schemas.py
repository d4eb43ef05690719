"""Bodies of intake, and the views of receipts and touchpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, StringConstraints, TypeAdapter, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from custhub.features.consents.schemas import ConsentInput, Purpose
from custhub.features.customers.schemas.batch import Problem
from custhub.features.customers.schemas.bodies import CustomerCreate, SourceName
from custhub.features.intake.errors import DeviceIncomplete, SourceTwice
from custhub.features.intake.models import TouchpointRow
from custhub.features.intake.rules import Outcome
from custhub.http.fields import Body, CustomerId, Read, Text100, Timestamp, TouchpointId
from custhub.kit.ids import Prefix, to_text

MAX_ITEMS = 200
_Count = Annotated[int, Field(ge=0, le=MAX_ITEMS, json_schema_extra={"format": "int32"})]
_S40 = Annotated[str, StringConstraints(max_length=40)]
_S100 = Annotated[str, StringConstraints(max_length=100)]
_Cursor = Annotated[str, StringConstraints(max_length=500)]
DeviceId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern="^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
Sequence = Annotated[int, Field(ge=0, le=2**63 - 1, json_schema_extra={"format": "int64"})]


class IntakeItem(Body):
    """What a form or a device heard of one customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "fair",
                    "channel": "event",
                    "campaign": "spring-2026",
                    "form": "booth-signup",
                    "occurred_at": "2026-01-31T08:00:00Z",
                    "device_id": "tablet-7",
                    "sequence": 12,
                    "customer": {"display_name": "李娜", "phones": [{"number": "138 1234 5678"}]},
                    "consents": [{"purpose": "marketing", "channel": "sms", "status": "granted", "method": "device"}],
                }
            ]
        }
    )

    source: SourceName = Field(description="Where it was heard; it has a priority like any source", examples=["fair"])
    channel: Purpose | None = Field(default=None, description="By what, such as `web_form`", examples=["web_form"])
    campaign: Text100 | None = Field(default=None, description="No person's name or number", examples=["spring-2026"])
    form: Text100 | None = Field(default=None, description="No person's name or number", examples=["booth-signup"])
    occurred_at: Timestamp | None = Field(default=None, description="When it was said; default: now")
    device_id: DeviceId | None = Field(default=None, description="Of a device that may be offline")
    sequence: Sequence | None = Field(default=None, description="The device's own count of what it sends")
    customer: CustomerCreate = Field(description="As in an upsert; `source` stands beside it")
    consents: list[ConsentInput] = Field(default_factory=list, max_length=50, description="Said at the same time")

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.device_id is None) != (self.sequence is None):
            raise PydanticCustomError(DeviceIncomplete.code, "one without the other")
        if "source" in self.customer.model_fields_set:
            raise PydanticCustomError(SourceTwice.code, "in the customer")
        return self


class _ReadLater:
    """Documents a list of raw items as what each of them is read as, on its own, later."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"items": handler(TypeAdapter(list[IntakeItem]).core_schema)["items"]}


class IntakeBatch(Body):
    """What a device gathered, in any order. Each item is judged on its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "source": "fair",
                            "device_id": "tablet-7",
                            "sequence": 13,
                            "occurred_at": "2026-01-31T08:05:00Z",
                            "customer": {"emails": [{"email": "li.na@example.com"}]},
                        }
                    ]
                }
            ]
        }
    )

    items: Annotated[list[Any], Field(min_length=1, max_length=MAX_ITEMS), _ReadLater()]


class IntakeReceipt(Read):
    """It was taken in. Nothing is told of what became of it."""

    object: Literal["intake_receipt"]
    accepted: Literal[True]


class IntakeResult(Read):
    """What became of one item: 202, or why it was refused."""

    index: Annotated[int, Field(ge=0, le=MAX_ITEMS - 1, json_schema_extra={"format": "int32"})]
    status: Annotated[int, Field(ge=200, le=599, json_schema_extra={"format": "int32"})]
    error: Problem | None


class IntakeBatchAnswer(Read):
    """What became of each item, in the order of the request."""

    results: Annotated[list[IntakeResult], Field(max_length=MAX_ITEMS)]
    succeeded: _Count
    failed: _Count


class TouchpointRead(Read):
    """Something that a form or device sent in about a customer."""

    id: TouchpointId
    object: Literal["touchpoint"]
    customer_id: CustomerId
    source: _S40
    channel: _S40 | None
    campaign: _S100 | None
    form: _S100 | None
    device_id: Annotated[str, StringConstraints(max_length=64)] | None
    sequence: Sequence | None
    occurred_at: datetime
    outcome: Outcome
    fields: Annotated[list[_S40], Field(max_length=100)]
    recorded_by: _S40
    created_at: datetime


class TouchpointPage(Read):
    """A page of touchpoints."""

    data: Annotated[list[TouchpointRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class TouchpointQuery(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")


def touchpoint_view(row: TouchpointRow) -> dict[str, Any]:
    """The body of a touchpoint."""
    return {
        "id": to_text(Prefix.TOUCHPOINT, row.id),
        "object": "touchpoint",
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "source": row.source,
        "channel": row.channel,
        "campaign": row.campaign,
        "form": row.form,
        "device_id": row.device_id,
        "sequence": row.sequence,
        "occurred_at": row.occurred_at,
        "outcome": row.outcome,
        "fields": row.fields,
        "recorded_by": row.recorded_by,
        "created_at": row.created_at,
    }
