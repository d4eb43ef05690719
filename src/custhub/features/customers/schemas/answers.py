"""Answers as the document shows them; views build the same shape."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from custhub.features.customers.rules import Calendar, CustomerKind, Gender
from custhub.features.customers.rules.completeness import Lack
from custhub.features.customers.rules.provenance import Rule
from custhub.features.phones.schemas import PhoneRead
from custhub.http.fields import (
    AddressId,
    ContactId,
    CustomerId,
    EmailId,
    ExternalIdId,
    Read,
    Revision,
    TeamId,
    UserId,
)
from custhub.http.openapi.traits import SHOWN_ON_REQUEST

S40 = Annotated[str, StringConstraints(max_length=40)]
S100 = Annotated[str, StringConstraints(max_length=100)]
S200 = Annotated[str, StringConstraints(max_length=200)]
S254 = Annotated[str, StringConstraints(max_length=254)]
#: Of one customer; a merge of many may bring far more than anybody would add.
MOST_PARTS = 10_000
Cursor = Annotated[str, StringConstraints(max_length=500)]


class BirthdayRead(Read):
    """A birthday in its own calendar."""

    date: Annotated[str, StringConstraints(max_length=10)]
    calendar: Calendar
    leap_month: bool


class EmailRead(Read):
    """An e-mail address."""

    id: EmailId
    object: Literal["email"]
    label: S40 | None
    email: S254
    is_primary: bool
    verified_at: datetime | None
    contactable: bool = Field(description="False while the address is on the suppression list")
    created_at: datetime
    updated_at: datetime
    revision: Revision


class AddressRead(Read):
    """An address in its parts."""

    id: AddressId
    object: Literal["address"]
    label: S40 | None
    is_primary: bool
    country: Annotated[str, StringConstraints(max_length=2)]
    province: S100 | None
    city: S100 | None
    district: S100 | None
    division_code: Annotated[str, StringConstraints(max_length=6)] | None
    street: Annotated[str, StringConstraints(max_length=1_000)] | None
    postcode: Annotated[str, StringConstraints(max_length=16)] | None
    created_at: datetime
    updated_at: datetime
    revision: Revision


class ContactRead(Read):
    """Somebody at an organisation."""

    id: ContactId
    object: Literal["contact"]
    person_id: CustomerId | None
    name: Annotated[str, StringConstraints(max_length=1_000)]
    job_title: S100 | None
    department: S100 | None
    email: S254 | None
    is_primary: bool
    created_at: datetime
    updated_at: datetime
    revision: Revision


class ExternalIdRead(Read):
    """What a partner calls this customer."""

    id: ExternalIdId
    object: Literal["external_id"]
    source: S40
    external_id: Annotated[str, StringConstraints(max_length=128)]
    created_at: datetime


class TagRead(Read):
    """A tag, with who added it and when."""

    tag: Annotated[str, StringConstraints(max_length=64)]
    added_by: Annotated[str, StringConstraints(max_length=80)]
    added_at: datetime


class CustomerCan(Read):
    """What this caller may do with this customer."""

    update: bool
    archive: bool
    restore: bool
    reveal_phones: bool
    tag: bool
    fields: Annotated[list[S40], Field(max_length=100, description="Fields a PATCH may change")]


class OriginRead(Read):
    """Where one value comes from. `rule` says why it stands; a confirmed one outranks machines until it expires."""

    field: Annotated[str, StringConstraints(max_length=60)]
    part_id: Annotated[str, StringConstraints(max_length=30)] | None
    source: S40
    at: datetime
    rule: Rule
    by: Annotated[str, StringConstraints(max_length=80)] | None
    confirmed_until: datetime | None


class MissingRead(Read):
    """A member that is missing or of no use, and what it would add to the score."""

    field: Annotated[str, StringConstraints(max_length=60)]
    reason: Lack
    points: Annotated[int, Field(ge=0, le=100, json_schema_extra={"format": "int32"})]


class CompletenessRead(Read):
    """How complete a customer is, of what the caller sees; `points` are parts of the whole, not of a hundred."""

    score: Annotated[int, Field(ge=0, le=100, json_schema_extra={"format": "int32"})]
    missing: Annotated[list[MissingRead], Field(max_length=300)]


class CandidateField(Read):
    """What one compared field says, in bits; `POST /v1/duplicates/check` shows its values, too."""

    field: Annotated[str, StringConstraints(max_length=60)]
    level: Annotated[str, StringConstraints(max_length=60)]
    bits: float


class NewCustomerCandidate(Read):
    """Somebody who may be the same as the customer that was created."""

    customer_id: CustomerId
    total: float
    probability: Annotated[float, Field(ge=0, le=1)]
    decision: Annotated[str, StringConstraints(max_length=60)] = Field(
        description="What the score suggests: `merge` or `review`"
    )
    fields: Annotated[list[CandidateField], Field(max_length=20)]


CustomFieldValues = Annotated[dict[str, JsonValue], Field(max_length=200)]


class CustomerRead(Read):
    """A customer. What the caller's role does not see is null or an empty list."""

    id: CustomerId
    object: Literal["customer"]
    kind: CustomerKind | None
    display_name: Annotated[str, StringConstraints(max_length=1_000)] | None
    given_name: Annotated[str, StringConstraints(max_length=1_000)] | None
    family_name: Annotated[str, StringConstraints(max_length=1_000)] | None
    company_name: Annotated[str, StringConstraints(max_length=1_000)] | None
    tax_id: Annotated[str, StringConstraints(max_length=64)] | None
    birthday: BirthdayRead | None
    gender: Gender | None
    language: Annotated[str, StringConstraints(max_length=35)] | None
    time_zone: Annotated[str, StringConstraints(max_length=64)] | None
    preferred_channel: S40 | None
    stage: S40 | None = Field(description="An entry of the vocabulary `stage`")
    category: S40 | None = Field(description="An entry of the vocabulary `category`")
    needs: Annotated[list[S40], Field(max_length=50)] = Field(description="Entries of the vocabulary `need`")
    source: S40 | None
    owner_id: UserId | None
    team_id: TeamId | None
    note: Annotated[str, StringConstraints(max_length=20_000)] | None
    phones: Annotated[list[PhoneRead], Field(max_length=MOST_PARTS)]
    emails: Annotated[list[EmailRead], Field(max_length=MOST_PARTS)]
    addresses: Annotated[list[AddressRead], Field(max_length=MOST_PARTS)]
    contacts: Annotated[list[ContactRead], Field(max_length=MOST_PARTS)]
    external_ids: Annotated[list[ExternalIdRead], Field(max_length=MOST_PARTS)]
    tags: Annotated[list[TagRead], Field(max_length=MOST_PARTS)]
    custom_fields: CustomFieldValues | None = Field(description="By key of their definition; sensitive ones masked")
    can: CustomerCan | None = Field(description="Filled by `include=can`")
    provenance: Annotated[list[OriginRead], Field(max_length=MOST_PARTS)] | None = Field(
        description="Filled by `include=provenance`"
    )
    completeness: CompletenessRead | None = Field(description="Filled by `include=completeness`")
    merged_into: CustomerId | None = Field(description="Who it became by a merge; its parts are there then")
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    revision: Revision
    candidates: Annotated[list[NewCustomerCandidate], Field(max_length=5)] = Field(
        default_factory=list,
        description="Of a create with `include=candidates` alone: who was there and may be the same, the surest first",
        json_schema_extra=SHOWN_ON_REQUEST,
    )


class CustomerTotal(Read):
    """How many there are; `exact` is false where there are at least so many."""

    value: Annotated[int, Field(ge=0, le=10_000, json_schema_extra={"format": "int32"})]
    exact: bool


class CustomerPage(Read):
    """A page of customers."""

    data: Annotated[list[CustomerRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool
    total: CustomerTotal | None = Field(description="Filled by `include=total`")


class CustomerMatches(Read):
    """Customers found by number."""

    data: Annotated[list[CustomerRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool


class PhonePage(Read):
    """The numbers of a customer."""

    data: Annotated[list[PhoneRead], Field(max_length=200)]
    next_cursor: Cursor | None
    has_more: bool
