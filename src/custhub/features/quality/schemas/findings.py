"""Bodies of findings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from custhub.features.fields.rules import MASK, Access
from custhub.features.phones.errors import PhoneInvalid
from custhub.features.phones.rules import (
    MaskStyle,
    PhoneNumber,
    find_numbers,
    mask,
    render_placeholders,
    replace_spans,
)
from custhub.features.quality.models import FindingRow
from custhub.features.quality.rules import FindingKind, FindingState, Fix, Severity
from custhub.http.fields import CustomerId, FindingId, Read, Revision
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import FieldPolicy

_Name = Annotated[str, StringConstraints(max_length=60)]
_Cursor = Annotated[str, StringConstraints(max_length=500)]
_CUSTOM, _CONSENTS = "custom_fields", "consents"
#: What everybody who decides is told of an entry of the consent ledger; its evidence is not.
_TOLD_OF_CONSENT = ("purpose", "channel", "status", "captured_at", "source", "method", "notice_version")
#: Members and parts whose texts may hold numbers.
_WITH_TEXTS = frozenset({"display_name", "given_name", "family_name", "company_name", "note", "addresses", "contacts"})


class QualityFindingListQuery(BaseModel):
    """Which findings."""

    model_config = ConfigDict(extra="forbid")

    state: FindingState | None = Field(default=None, description="Only those of this state")
    kind: FindingKind | None = Field(default=None, description="Only those of this kind")
    severity: Severity | None = Field(default=None, description="Only those of this severity")
    fixable: bool | None = Field(default=None, description="Only those that can be accepted, or that cannot")
    customer_id: CustomerId | None = Field(default=None, description="Only those of this customer")
    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before")


class QualityFindingRead(Read):
    """Something about a customer that a person decides.

    `standing` is the value as it was found or kept, `proposed` what accepting would make of it. Both are null where
    the caller's role does not see the field; sensitive ones and numbers are masked. `fix` says what accepting does,
    null where only somebody who knows better can help.
    """

    id: FindingId
    object: Literal["finding"]
    customer_id: CustomerId
    kind: FindingKind
    field: _Name
    part_id: _Name | None = Field(
        description="The phone, e-mail or address it is about; `purpose:channel` of a consent"
    )
    source: _Name = Field(description="`scan`, or the source of a refused value")
    severity: Severity
    fix: Fix | None
    reason: _Name
    state: FindingState
    standing: JsonValue = Field(description="What the field says: any JSON value")
    proposed: JsonValue = Field(description="What the source says")
    occurred_at: datetime | None
    times_seen: Annotated[int, Field(ge=1, le=2_147_483_647, json_schema_extra={"format": "int32"})]
    last_seen_at: datetime
    decided_by: Annotated[str, StringConstraints(max_length=80)] | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: Revision


class QualityFindingPage(Read):
    """A page of findings."""

    data: Annotated[list[QualityFindingRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


def finding_view(
    row: FindingRow, evidence: Mapping[str, Any] | None, policy: FieldPolicy, access: Access, country: str
) -> dict[str, Any]:
    """The body of a finding; `evidence` is None where it does not open any more.

    Numbers in it, read with `country`, are masked.
    """
    shown, seen = evidence or {}, _seen if row.kind == FindingKind.REFUSED_CHANGE else _scanned
    return {
        "id": to_text(Prefix.FINDING, row.id),
        "object": "finding",
        "customer_id": to_text(Prefix.CUSTOMER, row.customer_id),
        "kind": row.kind,
        "field": row.field,
        "part_id": row.part or None,
        "source": row.source,
        "severity": row.severity,
        "fix": row.fix,
        "reason": row.reason,
        "state": row.state,
        "standing": seen(row.field, shown.get("standing"), policy, access, country),
        "proposed": seen(row.field, shown.get("claimed"), policy, access, country),
        "occurred_at": shown.get("at"),
        "times_seen": row.times_seen,
        "last_seen_at": row.last_seen_at,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def _scanned(field: str, value: Any, policy: FieldPolicy, access: Access, country: str) -> Any:  # any JSON value
    """What a scan found, of which the number of a phone is known in full."""
    name, style = field.partition(".")[0], MaskStyle(policy.phone_mask)
    if value is None or name == _CONSENTS:
        return value
    if name == "phones" and policy.may_read(name):
        number = value.get("number")
        return value if number is None else value | {"number": mask(number, style)}
    return _seen(field, value, policy, access, country)


def _seen(field: str, value: Any, policy: FieldPolicy, access: Access, country: str) -> Any:  # any JSON value
    name, _, key = field.partition(".")
    if value is not None and name == _CONSENTS:
        return {member: value.get(member) for member in _TOLD_OF_CONSENT}
    if value is None or not policy.may_read(name):
        return None
    if name == _CUSTOM:
        definition = access.readable.get(key)
        if definition is None:
            return None
        return MASK if definition.sensitive else value
    style = MaskStyle(policy.phone_mask)
    if name == "phones":
        return _number_masked(value, style, country)
    return _masked(value, style, country) if name in _WITH_TEXTS else value


def _number_masked(part: Mapping[str, Any], style: MaskStyle, country: str) -> dict[str, Any]:
    try:
        masked = mask(PhoneNumber.parse(part["number"], part.get("country") or country).e164, style)
    except PhoneInvalid:
        masked = None
    return {**{name: value for name, value in part.items() if name != "number"}, "masked": masked}


def _masked(value: Any, style: MaskStyle, country: str) -> Any:  # any JSON value
    if isinstance(value, str):
        text, numbers = replace_spans(value, find_numbers(value, country))
        return render_placeholders(text, [mask(number.e164, style) for number in numbers]) if numbers else value
    if isinstance(value, dict):
        return {name: _masked(one, style, country) for name, one in value.items()}
    return value


def etag_of(revision: int, digest: str) -> str:
    """Strong entity tag: the revision, and the field policy that shaped the body."""
    return f'"{revision}-{digest}"'
