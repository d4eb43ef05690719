"""Bodies and views of consents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.features.consents.models import ConsentRow, ConsentStateRow
from custhub.features.consents.rules import ConsentChannel, ConsentMethod, ConsentStatus, LegalBasis
from custhub.http.fields import Body, ConsentId, CustomerId, Read, Text40, Text200, Timestamp
from custhub.kit.ids import Prefix, to_text

MAX_ENTRIES = 100
Purpose = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern="^[a-z][a-z0-9_]*$")]
_S40 = Annotated[str, StringConstraints(max_length=40)]
_Evidence = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]


class Guardian(Body):
    """Who agreed for a child under 14."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "李明", "relationship": "father"}]})

    name: Text200
    relationship: Text40


class ConsentInput(Body):
    """What somebody said about one purpose and channel."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "purpose": "marketing",
                    "channel": "email",
                    "status": "granted",
                    "notice_version": "2026-01",
                    "method": "web_form",
                    "captured_at": "2026-01-31T08:00:00Z",
                }
            ]
        }
    )

    purpose: Purpose = Field(description="What data is used for, such as `marketing`", examples=["marketing"])
    channel: ConsentChannel
    status: ConsentStatus
    legal_basis: LegalBasis = LegalBasis.CONSENT
    notice_version: Text40 | None = Field(default=None, description="The notice that was shown")
    separate: bool = Field(default=False, description="Asked for by itself (PIPL 23, 29, 39)")
    captured_at: Timestamp | None = Field(default=None, description="When it was said; default: now")
    source: Purpose = Field(default="api", description="Where it was said")
    method: ConsentMethod = ConsentMethod.OTHER
    evidence: _Evidence | None = Field(default=None, repr=False, description="Kept sealed under the customer's key")
    guardian: Guardian | None = Field(default=None, repr=False, description="Required of a child under 14 (PIPL 31)")


class ConsentCreate(ConsentInput):
    """An entry of the consent ledger."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "cus_01m81amc1cfrnt9m7qcr38rxrh",
                    "purpose": "marketing",
                    "channel": "email",
                    "status": "granted",
                    "notice_version": "2026-01",
                    "method": "web_form",
                }
            ]
        }
    )

    customer_id: CustomerId


class ConsentsCreate(Body):
    """Entries that belong together: all of them are recorded, or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer_id": "cus_01m81amc1cfrnt9m7qcr38rxrh",
                    "entries": [
                        {"purpose": "marketing", "channel": "email", "status": "granted"},
                        {"purpose": "marketing", "channel": "sms", "status": "denied"},
                    ],
                }
            ]
        }
    )

    customer_id: CustomerId
    entries: list[ConsentInput] = Field(min_length=1, max_length=MAX_ENTRIES)


class GuardianRead(Read):
    """Who agreed for a child."""

    name: Annotated[str, StringConstraints(max_length=200)]
    relationship: _S40


class ConsentRead(Read):
    """An entry of the consent ledger."""

    id: ConsentId
    object: Literal["consent"]
    customer_id: CustomerId
    purpose: _S40
    channel: ConsentChannel
    status: ConsentStatus
    legal_basis: LegalBasis
    notice_version: _S40 | None
    separate: bool
    captured_at: datetime
    source: _S40
    method: ConsentMethod
    has_evidence: bool
    evidence: Annotated[str, StringConstraints(max_length=4_000)] | None = Field(
        description="For `consents:write`, of one entry; null in lists"
    )
    guardian: GuardianRead | None = Field(description="For `consents:write`, of one entry; null in lists")
    recorded_by: _S40
    created_at: datetime


class ConsentPage(Read):
    """A page of the ledger."""

    data: Annotated[list[ConsentRead], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class ConsentsRead(Read):
    """Entries that were recorded together, in their order."""

    data: Annotated[list[ConsentRead], Field(max_length=MAX_ENTRIES)]


class ConsentState(Read):
    """What a customer said last about one purpose and channel."""

    object: Literal["consent_state"]
    purpose: _S40
    channel: ConsentChannel
    status: ConsentStatus
    captured_at: datetime
    consent_id: ConsentId


class ConsentStates(Read):
    """What the ledger of a customer comes down to now."""

    data: Annotated[list[ConsentState], Field(max_length=200)]
    next_cursor: Annotated[str, StringConstraints(max_length=500)] | None
    has_more: bool


class ConsentQuery(BaseModel):
    """Filters are ANDed."""

    model_config = ConfigDict(extra="forbid")

    customer_id: CustomerId | None = Field(default=None, description="Whose")
    purpose: Purpose | None = Field(default=None, description="What for")
    channel: ConsentChannel | None = Field(default=None, description="By what")
    status: ConsentStatus | None = Field(default=None, description="What was said")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")

    def filters(self) -> dict[str, Any]:
        """The filters that are asked for."""
        found = self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)
        return {name: value if isinstance(value, UUID) else str(value) for name, value in found.items()}


def consent_view(
    row: ConsentRow, evidence: str | None = None, guardian: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The body of one entry."""
    return {
        "id": to_text(Prefix.CONSENT, row.id),
        "object": "consent",
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "purpose": row.purpose,
        "channel": row.channel,
        "status": row.status,
        "legal_basis": row.legal_basis,
        "notice_version": row.notice_version,
        "separate": row.separate,
        "captured_at": row.captured_at,
        "source": row.source,
        "method": row.method,
        "has_evidence": row.evidence is not None,
        "evidence": evidence,
        "guardian": guardian,
        "recorded_by": row.recorded_by,
        "created_at": row.created_at,
    }


def state_view(row: ConsentStateRow) -> dict[str, Any]:
    """The body of a current state."""
    return {
        "object": "consent_state",
        "purpose": row.purpose,
        "channel": row.channel,
        "status": row.status,
        "captured_at": row.captured_at,
        "consent_id": to_text(Prefix.CONSENT, row.entry_id),
    }
