"""Many customers in one call: the body, each item read on its own, and what became of each (CONTRACT D4)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, StringConstraints, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.http.fields import Body, CustomerId, Read

MAX_ITEMS = 1_000
_Count = Annotated[int, Field(ge=0, le=MAX_ITEMS, json_schema_extra={"format": "int32"})]


class _ReadLater:
    """Documents a list of raw items as what each of them is read as, on its own, later."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"items": handler(TypeAdapter(list[CustomerCreate]).core_schema)["items"]}


class CustomerBatch(Body):
    """Customers to create together. Each item is judged on its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"display_name": "李娜", "phones": [{"number": "138 1234 5678"}]},
                        {"display_name": "王伟", "external_ids": [{"source": "shop", "id": "A-1043"}]},
                    ]
                }
            ]
        }
    )

    items: Annotated[list[Any], Field(min_length=1, max_length=MAX_ITEMS), _ReadLater()]


class Problem(Read):
    """Stands for the problem document in answers; the document describes it in full."""

    type: Annotated[str, StringConstraints(max_length=128)]
    title: Annotated[str, StringConstraints(max_length=256)]
    status: Annotated[int, Field(ge=400, le=599)]
    code: Annotated[str, StringConstraints(max_length=64)]
    detail: Annotated[str, StringConstraints(max_length=2_048)]
    request_id: Annotated[str, StringConstraints(max_length=64)]


class BatchResult(Read):
    """What became of one item."""

    index: Annotated[int, Field(ge=0, le=MAX_ITEMS - 1, json_schema_extra={"format": "int32"})]
    status: Annotated[int, Field(ge=200, le=599, json_schema_extra={"format": "int32"})]
    id: CustomerId | None
    error: Problem | None


class BatchAnswer(Read):
    """What became of each item, in the order of the request."""

    results: Annotated[list[BatchResult], Field(max_length=MAX_ITEMS)]
    succeeded: _Count
    failed: _Count
