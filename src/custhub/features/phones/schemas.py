"""Bodies and views of a phone number. No view holds the number itself; only the answer of a reveal does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.features.phones.models import PhoneRow
from custhub.features.phones.rules import MaskStyle, PhoneKind, PhoneStatus, RevealReason, VerificationResult, mask
from custhub.features.phones.vault import open_number
from custhub.http.fields import Body, PhoneId, Read, Revision, Text40, Timestamp
from custhub.kit.ids import Prefix, to_text

Number = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$", min_length=2, max_length=2)]


class PhoneCreate(Body):
    """A number to add to a customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"number": "138 1234 5678", "label": "mobile"}]})

    number: Number = Field(repr=False, description="In any spelling; without a country code it is read with `country`")
    country: Country | None = Field(default=None, description="Country of a number without country code")
    label: Text40 | None = None
    kind: Literal[PhoneKind.VIRTUAL] | None = Field(
        default=None, description="`virtual` for a platform's privacy number; else the kind follows from the number"
    )
    is_primary: bool = False
    shared: bool | None = Field(default=None, description="A family or office line; default: true for fixed lines")
    expires_at: Timestamp | None = Field(default=None, description="When a virtual number ends")


class PhonePatch(Body):
    """What may change about a number; the number itself is replaced by adding another."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"label": "office", "is_primary": True}]})

    label: Text40 | None = None
    is_primary: bool = False
    shared: bool = False
    status: PhoneStatus = PhoneStatus.UNKNOWN
    expires_at: Timestamp | None = None


class PhoneVerify(Body):
    """The result of an attempt to reach the customer at this number."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"result": "reached_owner"}]})

    result: VerificationResult
    note: Annotated[str, StringConstraints(max_length=200)] | None = None


class PhoneReveal(Body):
    """Why the number is opened."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "call_back"}]})

    reason: RevealReason
    note: Annotated[str, StringConstraints(max_length=200)] | None = None


class PhoneRevealed(Read):
    """The number, once; nobody may store this answer."""

    e164: Annotated[str, StringConstraints(max_length=40)]
    extension: Annotated[str, StringConstraints(max_length=15)] | None


class PhoneRead(Read):
    """A phone number as it may be shown."""

    id: PhoneId
    object: Literal["phone"]
    label: Annotated[str, StringConstraints(max_length=40)] | None
    masked: Annotated[str, StringConstraints(max_length=40)] | None
    country: Annotated[str, StringConstraints(max_length=3)]
    kind: PhoneKind
    is_primary: bool
    shared: bool
    status: PhoneStatus
    verified_at: datetime | None
    checked_at: datetime | None
    expires_at: datetime | None
    contactable: bool = Field(description="False while the number is on the suppression list")
    error: Literal["integrity_error"] | None = Field(description="Set when the stored number failed its check")
    created_at: datetime
    updated_at: datetime
    revision: Revision


def phone_view(row: PhoneRow, dek: Dek | None, style: MaskStyle, *, lenient: bool = True) -> dict[str, Any]:
    """The body of one number. Raises IntegrityError for a number that does not open, unless `lenient` (S-16)."""
    masked = error = None
    try:
        if dek is None:
            raise IntegrityError
        masked = None if style is MaskStyle.NONE else mask(open_number(dek, row), style)
    except IntegrityError:
        if not lenient:
            raise
        error = "integrity_error"
    return {
        "id": to_text(Prefix.PHONE, row.id),
        "object": "phone",
        "label": row.label,
        "masked": masked,
        "country": row.country,
        "kind": row.kind,
        "is_primary": row.is_primary,
        "shared": row.shared,
        "status": row.status,
        "verified_at": row.verified_at,
        "checked_at": row.checked_at,
        "expires_at": row.expires_at,
        "contactable": row.suppressed_by is None,
        "error": error,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }
