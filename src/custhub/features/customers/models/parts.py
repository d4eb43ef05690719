"""Tables of the parts of customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Boolean, Column, ColumnElement, ForeignKey, Index, Integer, String, Table, literal_column

from custhub.crypto.columns import Sealed, SealedColumn
from custhub.kit.db import Id, Instant, metadata
from custhub.kit.query import REACH
from custhub.kit.writes import SORTED

customer_emails = Table(
    "customer_emails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("label", String(40)),
    Column("email", String(254), nullable=False),
    Column("folded", String(254), nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("verified_at", Instant),
    # The entry of the suppression list that forbids to write there.
    Column("suppressed_by", Id),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
Index("ix_customer_emails_customer", customer_emails.c.customer_id)
Index("ix_customer_emails_folded", customer_emails.c.folded)
_HELD_BACK: ColumnElement[Any] = literal_column("suppressed_by IS NOT NULL")
Index("ix_customer_emails_suppressed", customer_emails.c.suppressed_by,
      postgresql_where=_HELD_BACK, sqlite_where=_HELD_BACK)  # fmt: skip

customer_addresses = Table(
    "customer_addresses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("label", String(40)),
    Column("is_primary", Boolean, nullable=False),
    Column("country", String(2), nullable=False),
    Column("province", String(100)),
    Column("city", String(100)),
    Column("district", String(100)),
    Column("division_code", String(6)),
    Column("street", String(400)),
    Column("postcode", String(12)),
    Column("spans", SealedColumn),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
Index("ix_customer_addresses_customer", customer_addresses.c.customer_id)
Index("ix_customer_addresses_country", customer_addresses.c.country, customer_addresses.c.customer_id)
Index("ix_customer_addresses_province", customer_addresses.c.province, customer_addresses.c.customer_id)
Index("ix_customer_addresses_city", customer_addresses.c.city, customer_addresses.c.customer_id)

customer_contacts = Table(
    "customer_contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("customer_id", Id, ForeignKey("customers.id"), nullable=False),
    Column("person_id", Id, ForeignKey("customers.id")),
    Column("name", String(200), nullable=False),
    Column("job_title", String(100)),
    Column("department", String(100)),
    Column("email", String(254)),
    Column("is_primary", Boolean, nullable=False),
    Column("spans", SealedColumn),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
    info={REACH: "customer_id"},
)
Index("ix_customer_contacts_customer", customer_contacts.c.customer_id)
Index("ix_customer_contacts_person", customer_contacts.c.person_id)

customer_external_ids = Table(
    "customer_external_ids",
    metadata,
    Column("id", Id, primary_key=True),
    # Deferred: a batch stores them first, to learn which are taken, and its customers afterwards.
    Column("customer_id", Id, ForeignKey("customers.id", deferrable=True, initially="DEFERRED"), nullable=False),
    Column("source", String(40), nullable=False),
    Column("external_id", String(128), nullable=False),
    # False while the customer is archived: its keys are free then.
    Column("is_live", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    info={REACH: "customer_id", SORTED: ("source", "external_id")},
)
EXTERNAL_ID = "uq_customer_external_ids_live"
Index(
    EXTERNAL_ID,
    customer_external_ids.c.source,
    customer_external_ids.c.external_id,
    unique=True,
    postgresql_where=literal_column("is_live"),
    sqlite_where=literal_column("is_live = 1"),
)
Index("ix_customer_external_ids_customer", customer_external_ids.c.customer_id)

external_sources = Table(
    "external_sources",
    metadata,
    Column("source", String(40), primary_key=True),
    Column("identity", String(8)),
    Column("description", String(200)),
    Column("priority", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("revision", Integer, nullable=False),
)

customer_tags = Table(
    "customer_tags",
    metadata,
    Column("customer_id", Id, ForeignKey("customers.id"), primary_key=True),
    # Equal for tags that differ in case alone.
    Column("tag_key", String(128), primary_key=True),
    Column("tag", String(64), nullable=False),
    Column("added_by", String(80), nullable=False),
    Column("added_at", Instant, nullable=False),
    info={REACH: "customer_id"},
)
Index("ix_customer_tags_tag", customer_tags.c.tag_key, customer_tags.c.customer_id)

#: What search finds customers by (rules/tokens.py). Compared byte by byte on both engines, as Python compares text.
search_tokens = Table(
    "search_tokens",
    metadata,
    # No foreign key: six rows of every create would be checked against the customer of the same statement.
    Column("customer_id", Id, primary_key=True),
    Column("token", String(200).with_variant(String(200, collation="C"), "postgresql"), primary_key=True),
    info={REACH: "customer_id"},
    sqlite_with_rowid=False,
)
Index("ix_search_tokens_token", search_tokens.c.token, search_tokens.c.customer_id)


class EmailRow(NamedTuple):
    """A row of customer_emails; `folded` is the form in which two spellings of one mailbox are equal."""

    id: UUID
    customer_id: UUID
    label: str | None
    email: str
    folded: str
    is_primary: bool
    verified_at: datetime | None
    suppressed_by: UUID | None
    created_at: datetime
    updated_at: datetime
    revision: int


class AddressRow(NamedTuple):
    """A row of customer_addresses; `division_code` is GB/T 2260."""

    id: UUID
    customer_id: UUID
    label: str | None
    is_primary: bool
    country: str
    province: str | None
    city: str | None
    district: str | None
    division_code: str | None
    street: str | None
    postcode: str | None
    spans: Sealed | None
    created_at: datetime
    updated_at: datetime
    revision: int


class ContactRow(NamedTuple):
    """A row of customer_contacts: somebody at an organisation, perhaps a customer in person too."""

    id: UUID
    customer_id: UUID
    person_id: UUID | None
    name: str
    job_title: str | None
    department: str | None
    email: str | None
    is_primary: bool
    spans: Sealed | None
    created_at: datetime
    updated_at: datetime
    revision: int


class ExternalIdRow(NamedTuple):
    """A row of customer_external_ids: what a partner calls this customer."""

    id: UUID
    customer_id: UUID
    source: str
    external_id: str
    is_live: bool
    created_at: datetime


class ExternalSourceRow(NamedTuple):
    """A row of external_sources; `identity` is "person" where one id means one person (WeChat unionid).

    Of two sources the one of higher `priority` (0 to 1,000) is believed.
    """

    source: str
    identity: str | None
    description: str | None
    priority: int
    created_at: datetime
    updated_at: datetime
    revision: int


class TagRow(NamedTuple):
    """A row of customer_tags."""

    customer_id: UUID
    tag_key: str
    tag: str
    added_by: str
    added_at: datetime


class TokenRow(NamedTuple):
    """A row of search_tokens."""

    customer_id: UUID
    token: str
