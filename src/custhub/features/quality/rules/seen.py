"""A customer as a scan reads it: no more columns than the checks need."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class SeenCustomer(NamedTuple):
    """Columns of customers."""

    id: UUID
    kind: str
    display_name: str
    given_name: str | None
    family_name: str | None
    company_name: str | None
    tax_id: str | None
    birthday: str | None
    birthday_calendar: str | None
    birthday_leap_month: bool
    gender: str
    language: str | None
    time_zone: str | None
    preferred_channel: str | None
    stage: str
    source: str
    owner_id: UUID | None
    team_id: UUID | None
    note: str | None
    spans: Any
    category: str | None
    needs: list[str] | None
    custom: dict[str, Any] | None
    archived_at: datetime | None
    erased_at: datetime | None
    created_at: datetime


class SeenPhone(NamedTuple):
    """Columns of customer_phones."""

    id: UUID
    customer_id: UUID
    kind: str
    country: str
    is_primary: bool
    status: str
    verified_at: datetime | None
    checked_at: datetime | None
    expires_at: datetime | None
    suppressed_by: UUID | None
    e164: Any
    index_kid: int
    exact_index: bytes
    created_at: datetime
    updated_at: datetime


class SeenEmail(NamedTuple):
    """Columns of customer_emails."""

    id: UUID
    customer_id: UUID
    email: str
    folded: str


class SeenAddress(NamedTuple):
    """Columns of customer_addresses."""

    id: UUID
    customer_id: UUID
    country: str
    province: str | None
    city: str | None
    district: str | None
    street: str | None
    postcode: str | None
    spans: Any
    updated_at: datetime


class SeenConsent(NamedTuple):
    """Columns of consent_states."""

    customer_id: UUID
    purpose: str
    channel: str
    status: str
    captured_at: datetime


class Seen(NamedTuple):
    """A customer with its parts. `numbers` are those that open, by the id of their part; `name` is as written."""

    row: SeenCustomer
    name: str
    phones: tuple[SeenPhone, ...]
    numbers: dict[UUID, str]
    emails: tuple[SeenEmail, ...]
    addresses: tuple[SeenAddress, ...]
    consents: tuple[SeenConsent, ...]
    has_contacts: bool
    holds_claims: bool
