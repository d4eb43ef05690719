"""External sources: the systems whose ids customers carry."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.features.customers.models import ExternalSourceRow
from custhub.features.customers.rules.provenance import DEFAULT_PRIORITY
from custhub.features.customers.schemas.answers import S40, S200, Cursor
from custhub.http.fields import Body, Read, Revision

Priority = Annotated[int, Field(ge=0, le=1_000, json_schema_extra={"format": "int32"})]


class ExternalSourcePut(Body):
    """All there is to say about a source; what is not sent is empty afterwards."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"identity": "person", "description": "WeChat unionid of the official account", "priority": 700}
            ]
        }
    )

    identity: Literal["person"] | None = Field(
        default=None, description="`person` where one id means one person, as an ID card or a WeChat unionid does"
    )
    description: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    priority: Priority = Field(
        default=DEFAULT_PRIORITY, description="Of two sources that disagree the one of higher priority is believed"
    )


class ExternalSourceRead(Read):
    """A system whose ids customers carry; its name is its key."""

    object: Literal["external_source"]
    source: S40
    identity: Literal["person"] | None
    description: S200 | None
    priority: Priority
    created_at: datetime
    updated_at: datetime
    revision: Revision


class ExternalSourcePage(Read):
    """A page of external sources."""

    data: Annotated[list[ExternalSourceRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


def source_view(row: ExternalSourceRow) -> dict[str, Any]:
    """The body of an external source."""
    return {
        "object": "external_source",
        "source": row.source,
        "identity": row.identity,
        "description": row.description,
        "priority": row.priority,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
