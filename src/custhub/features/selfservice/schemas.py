"""Bodies of self-service links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.selfservice.models import SelfServiceLinkRow
from custhub.features.selfservice.rules import OFFERED, LinkState, state_of
from custhub.http.fields import Body, CustomerId, Read, Revision, SelfServiceLinkId, Timestamp
from custhub.kit.ids import Prefix, to_text

_FieldName = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^([a-z_]+|custom_fields\.[a-z][a-z0-9_]*)$")
]
_Names = Annotated[list[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=50)]
_Locale = Literal["zh", "en"]
_Channel = Literal["email", "sms"]
_OFFERED = ", ".join(f"`{name}`" for name in OFFERED)


class SelfServiceLinkCreate(Body):
    """What a customer may correct itself, how long, and who hands the link over."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"fields": ["phones", "addresses"], "locale": "zh", "expires_in_seconds": 604_800}]
        }
    )

    fields: list[_FieldName] = Field(
        min_length=1,
        max_length=50,
        description=f"Of {_OFFERED}, and `custom_fields.<key>`; you must write them yourself",
    )
    expires_in_seconds: int = Field(default=604_800, ge=300, le=2_592_000, json_schema_extra={"format": "int32"})
    locale: _Locale | None = Field(
        default=None, description="Of page and messages; without it the customer's language, else that of the browser"
    )
    send_by: _Channel | None = Field(
        default=None, description="Send the link to the customer's primary number or address instead of showing it"
    )
    remind_at: Timestamp | None = Field(
        default=None, description="With `send_by`: send it once more then, unless it was used or revoked"
    )


class SelfServiceLinkRead(Read):
    """A link by which a customer corrects its own data."""

    id: SelfServiceLinkId
    object: Literal["self_service_link"]
    customer_id: CustomerId
    fields: _Names
    locale: _Locale | None
    sent_by: _Channel | None
    remind_at: datetime | None
    status: LinkState
    url: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        description="Shown once, in the answer that makes the link; null where the hub sends it"
    )
    changed_fields: _Names = Field(description="What the customer changed")
    unproven_fields: _Names = Field(description="What it gave without proving it: nothing changed")
    created_by: Annotated[str, StringConstraints(max_length=40)]
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: Revision


class SelfServiceLinkPage(Read):
    """A page of links."""

    data: Annotated[list[SelfServiceLinkRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class SelfServiceLinkQuery(BaseModel):
    """Which page."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


def link_view(row: SelfServiceLinkRow, now: datetime, url: str | None = None) -> dict[str, Any]:
    """The body of a link."""
    return {
        "id": to_text(Prefix.SELF_SERVICE_LINK, row.id),
        "object": "self_service_link",
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "fields": row.fields,
        "locale": row.locale,
        "sent_by": row.sent_by,
        "remind_at": row.remind_at,
        "status": state_of(row.state, row.expires_at, now),
        "url": url,
        "changed_fields": row.changed,
        "unproven_fields": row.unproven,
        "created_by": row.created_by,
        "expires_at": row.expires_at,
        "used_at": row.used_at,
        "revoked_at": row.revoked_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
