"""Messages as the API shows them, and what providers report."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.messages.models import MessageRow
from custhub.features.messages.rules import Channel, MessageState, Recipient, ReportStatus
from custhub.features.phones.rules import MaskStyle
from custhub.http.fields import LINE, CustomerId, MessageId, Read, Revision, Text200, Timestamp
from custhub.kit.ids import Prefix, text_or_none, to_text

_Name = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+$")]
_Code = Annotated[str, StringConstraints(max_length=40)]
_Status = Annotated[int, Field(ge=0, le=999, json_schema_extra={"format": "int32"})]


class MessageListQuery(BaseModel):
    """Filters are ANDed."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    state: MessageState | None = Field(default=None, description="Where it stands")
    channel: Channel | None = Field(default=None, description="How it travels")
    kind: _Name | None = Field(default=None, description="Kind of message, such as `webhook_endpoint_disabled`")
    customer_id: CustomerId | None = Field(default=None, description="The customer it is for")
    created_at_gte: Timestamp | None = Field(default=None, description="`created_at` then or later")
    created_at_lt: Timestamp | None = Field(default=None, description="`created_at` before")

    def filters(self) -> dict[str, Any]:
        """The filters that are asked for."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)


class MessageRead(Read):
    """A message: where it stands, never what it says."""

    id: MessageId
    object: Literal["message"]
    created_at: datetime
    updated_at: datetime
    revision: Revision
    channel: Annotated[str, StringConstraints(max_length=8)] = Field(description="`email` or `sms`")
    kind: Annotated[str, StringConstraints(max_length=40)]
    category: Annotated[str, StringConstraints(max_length=16)] = Field(
        description="`operator`, `transactional` or `marketing`"
    )
    language: Annotated[str, StringConstraints(max_length=2)]
    customer_id: CustomerId | None
    recipient: Annotated[str, StringConstraints(max_length=260)] | None = Field(description="Masked")
    state: Annotated[str, StringConstraints(max_length=10)] = Field(
        description="`queued`, `sending`, `sent`, `delivered`, `bounced`, `failed`, or `unknown`: the provider may "
        "have taken it, and it is not sent again"
    )
    error: _Code | None = Field(description="Why it waits, or failed")
    provider_status: _Status | None = Field(description="The last reply of the mail server or provider")
    provider_id: Annotated[str, StringConstraints(max_length=200)] | None
    attempts: Annotated[int, Field(ge=0, le=1_000_000, json_schema_extra={"format": "int32"})]
    next_attempt_at: datetime | None
    expires_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    finished_at: datetime | None


class MessagePage(Read):
    """A page of messages."""

    data: Annotated[list[MessageRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class MessageReport(BaseModel):
    """What a provider reports of one message. Reported again, it changes nothing."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"reference": "msg_01m81amc1cfrnt9m7qcr38rxrh", "status": "delivered"}]},
    )

    reference: Text200 = Field(description="Our key (Message-ID, `reference`) or the provider's id")
    status: ReportStatus
    error: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=LINE)] | None = Field(
        default=None, description="The provider's code of what went wrong"
    )


def message_view(row: MessageRow, recipient: Recipient | None, style: MaskStyle) -> dict[str, Any]:
    """A message, its recipient masked."""
    return {
        "id": to_text(Prefix.MESSAGE, row.id),
        "object": "message",
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
        "channel": row.channel,
        "kind": row.kind,
        "category": row.category,
        "language": row.language,
        "customer_id": text_or_none(Prefix.CUSTOMER, row.customer_id),
        "recipient": None if recipient is None else recipient.masked(style),
        "state": row.state,
        "error": row.error,
        "provider_status": row.provider_status,
        "provider_id": row.provider_id,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "expires_at": row.expires_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
        "finished_at": row.finished_at,
    }
