"""What joining and parting customers have in common: names of what is kept, and rows that change hands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.customers.models import (
    AddressRow,
    ContactRow,
    EmailRow,
    TagRow,
    customer_addresses,
    customer_contacts,
    customer_emails,
)
from custhub.kit.customer_link import to_plain
from custhub.kit.uow import UnitOfWork

Part = EmailRow | AddressRow | ContactRow

EMAILS: Final = "customer_emails"
ADDRESSES: Final = "customer_addresses"
CONTACTS: Final = "customer_contacts"
KEYS: Final = "customer_external_ids"
TAGS: Final = "customer_tags"
MATCHES: Final = "match_claims"
TABLES: Final[Mapping[type, Table]] = {
    EmailRow: customer_emails, AddressRow: customer_addresses, ContactRow: customer_contacts
}  # fmt: skip
#: Tags that both had, as each of them had it.
TWINS: Final = "customer_tags.twins"
#: Contacts of others that were the person who was joined.
NAMED: Final = "customer_contacts.person_id"
_TAG: Final = ("tag", "added_by", "added_at")


class Changes:
    """What becomes of parts: each is changed as often as it takes, and written once."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._values: dict[Table, dict[UUID, dict[str, Any]]] = {}
        self._contacts: dict[UUID, ContactRow] = {}

    def know(self, contact: ContactRow) -> None:
        """A contact that several may change."""
        self._contacts[contact.id] = contact

    def contact(self, contact_id: UUID) -> ContactRow:
        """A known contact as it is by now."""
        return self._contacts[contact_id]

    def known(self, contact_ids: Iterable[UUID]) -> list[ContactRow]:
        """Those of these that are known, as they are by now."""
        return [self._contacts[one] for one in contact_ids if one in self._contacts]

    def add(self, row: Part, values: Mapping[str, Any]) -> None:
        """A part has these values from now on."""
        known = self._values.setdefault(TABLES[type(row)], {}).setdefault(row.id, {})
        known.update(values, updated_at=self._uow.now)
        if isinstance(row, ContactRow) and row.id in self._contacts:
            self._contacts[row.id] = row._replace(**values)

    def store(self) -> None:
        """Write all of it."""
        for table, rows in self._values.items():
            changes = (({"id": row_id}, dict(sorted(values.items()))) for row_id, values in rows.items())
            self._uow.writes.update_all(table, changes)


def tag_values(tag: TagRow) -> dict[str, Any]:
    """What tells a tag from another of its name."""
    return {name: getattr(tag, name) for name in _TAG}


def said(tag: TagRow) -> dict[str, Any]:
    """`tag_values` as JSON."""
    plain = to_plain(tag)
    return {name: plain[name] for name in _TAG}


def sealed_spans(deks: tuple[Dek, Dek], table: str, row_id: UUID, spans: Sealed | None) -> Sealed | None:
    """The numbers in the texts of a row under the second key, from the first."""
    if spans is None:
        return None
    source, target = deks
    return Sealed(target.seal(table, "spans", row_id, source.open(table, "spans", row_id, spans.blob)))
