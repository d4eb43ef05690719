"""Builds the rows of parts from their bodies, in standard form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import AddressRow, ContactRow, EmailRow, ExternalIdRow, TagRow
from custhub.features.customers.rules import PostalAddress, normalise_address, parse_email, tag_key
from custhub.features.customers.schemas.bodies import (
    AddressCreate,
    AddressFields,
    ContactCreate,
    EmailCreate,
    ExternalIdCreate,
)
from custhub.features.phones.vault import opened_texts, seal_texts
from custhub.http.issues import issue
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id

CONTACT_TEXTS = ("name", "job_title", "department")
"""Texts of a contact in which numbers are recognised."""


class PartBuilder:
    """Rows of one customer's parts, all of one moment."""

    def __init__(self, customer_id: UUID, dek: Dek, country: str, now: datetime, added_by: str) -> None:
        self._customer_id = customer_id
        self._dek = dek
        self._country = country
        self._now = now
        self._added_by = added_by

    def email(self, body: EmailCreate, *, is_primary: bool) -> EmailRow:
        """An e-mail address."""
        parsed = parse_email(body.email)
        return EmailRow(
            new_id(), self._customer_id, body.label, parsed.address, parsed.folded, is_primary, None,
            None, self._now, self._now, 1,
        )  # fmt: skip

    def address(self, body: AddressCreate, pointer: str, *, is_primary: bool) -> AddressRow:
        """An address in its parts. Raises AddressInvalid, AddressInconsistent, PostcodeInvalid at `pointer`."""
        row_id = new_id()
        parts = _standard(body, pointer)
        texts, spans = seal_texts(self._dek, "customer_addresses", row_id, {"street": parts.street}, self._country)
        return AddressRow(
            row_id, self._customer_id, body.label, is_primary, parts.country, parts.province, parts.city,
            parts.district, parts.division_code, texts["street"], parts.postcode, spans, self._now, self._now, 1,
        )  # fmt: skip

    def moved(self, row: AddressRow, street: str | None, body: AddressFields, pointer: str) -> AddressRow:
        """An address with other parts; `street` is its street as it was written. Raises as `address` does."""
        parts = _standard(body, pointer)
        stored, spans = row.street, row.spans
        if parts.street != street:
            texts, spans = seal_texts(self._dek, "customer_addresses", row.id, {"street": parts.street}, self._country)
            stored = texts["street"]
        return row._replace(
            country=parts.country,
            province=parts.province,
            city=parts.city,
            district=parts.district,
            division_code=parts.division_code,
            street=stored,
            postcode=parts.postcode,
            spans=spans,
        )

    def renamed(self, row: ContactRow, sent: Mapping[str, Any]) -> ContactRow:
        """A contact with what was sent."""
        stored = {name: getattr(row, name) for name in CONTACT_TEXTS}
        opened = opened_texts(self._dek, "customer_contacts", row.id, row.spans, stored)
        texts = opened | {name: sent[name] for name in CONTACT_TEXTS if name in sent}
        row = row._replace(**{name: value for name, value in sent.items() if name not in CONTACT_TEXTS})
        if texts == opened:
            return row
        sealed, spans = seal_texts(self._dek, "customer_contacts", row.id, texts, self._country)
        values: dict[str, Any] = {**sealed, "spans": spans}
        return row._replace(**values)

    def contact(self, body: ContactCreate, *, is_primary: bool) -> ContactRow:
        """Somebody at an organisation."""
        row_id = new_id()
        texts, spans = seal_texts(
            self._dek,
            "customer_contacts",
            row_id,
            {"name": body.name, "job_title": body.job_title, "department": body.department},
            self._country,
        )
        return ContactRow(
            row_id, self._customer_id, body.person_id, texts["name"] or "", texts["job_title"], texts["department"],
            body.email, is_primary, spans, self._now, self._now, 1,
        )  # fmt: skip

    def external_id(self, body: ExternalIdCreate) -> ExternalIdRow:
        """A partner's key."""
        return ExternalIdRow(new_id(), self._customer_id, body.source, body.id, True, self._now)

    def tags(self, names: Sequence[str]) -> tuple[TagRow, ...]:
        """Tags by name, each once; VIP and vip are one."""
        unique = {tag_key(name): name for name in reversed(names)}
        return tuple(
            TagRow(self._customer_id, key, name, self._added_by, self._now)
            for key, name in sorted(unique.items(), key=lambda pair: pair[0])
        )


def _standard(body: AddressFields, pointer: str) -> PostalAddress:
    try:
        return normalise_address(
            country=body.country,
            province=body.province,
            city=body.city,
            district=body.district,
            division_code=body.division_code,
            street=" ".join(text for text in (body.full_text, body.street) if text) or None,
            postcode=body.postcode,
        )
    except HubError as error:
        error.issues = error.issues or (issue(pointer, error.code),)
        raise


def primary_index(flags: Sequence[bool]) -> int:
    """Which of new parts is the primary one: the last that says so, else the first."""
    return max((i for i, flag in enumerate(flags) if flag), default=0)
