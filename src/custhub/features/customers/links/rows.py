"""The record of a customer, its parts and its data key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import customer_keys
from custhub.features.customers.events import CustomerUpdated
from custhub.features.customers.links.joining import Joining
from custhub.features.customers.links.parting import Parting
from custhub.features.customers.models import (
    AddressRow,
    ContactRow,
    CustomerRow,
    EmailRow,
    ExternalIdRow,
    customer_addresses,
    customer_contacts,
    customer_emails,
    customer_external_ids,
    customer_field_values,
    customer_tags,
    customers,
    match_claims,
    search_tokens,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.whole import contacts_naming, head_of, whole_customer, whole_customers
from custhub.features.customers.repository import BLANK
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.custom import opened
from custhub.features.customers.service.parts import CONTACT_TEXTS
from custhub.features.phones.vault import opened_texts
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork
from custhub.security.fields import Field

_PARTS: Final = (
    customer_emails,
    customer_addresses,
    customer_contacts,
    customer_external_ids,
    customer_tags,
    customer_field_values,
)
_PREFIXES: Final = {
    CustomerRow: Prefix.CUSTOMER,
    EmailRow: Prefix.EMAIL,
    AddressRow: Prefix.ADDRESS,
    ContactRow: Prefix.CONTACT,
    ExternalIdRow: Prefix.EXTERNAL_ID,
}
_TABLES: Final = {EmailRow: customer_emails, AddressRow: customer_addresses, ContactRow: customer_contacts}
_UNTOLD: Final = {
    "customer_id", "spans", "custom", "custom_sealed", "provenance", "folded", "tag_key", "name_key", "suppressed_by",
    "updated_at", "revision", "merged_into", "erased_at",
}  # fmt: skip


class CustomerRows:
    """The record of a customer, its parts but for numbers, and its data key."""

    tables = frozenset(
        {"customers", "customer_keys", "search_tokens", match_claims.name, *(table.name for table in _PARTS)}
    )

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """The record and its parts, numbers in texts in full where they still open."""
        record = await whole_customer(reader, customer_id)
        if record is None:
            return {}
        dek = self._dek(record)
        return {
            "customer": {**_told(dek, "customers", record.row, TEXTS), "custom_fields": _custom(dek, record.row)},
            "emails": [_told(dek, "customer_emails", row) for row in record.emails],
            "addresses": [_told(dek, "customer_addresses", row, ("street",)) for row in record.addresses],
            "contacts": [_told(dek, "customer_contacts", row, CONTACT_TEXTS) for row in record.contacts],
            "external_ids": [_told(dek, "customer_external_ids", row) for row in record.external_ids],
            "tags": [_told(dek, "customer_tags", row) for row in record.tags],
        }

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """The parts of `sources` join those of `target`, whose primary ones stay; of one tag the older stays."""
        found, new = await whole_customers(uow, set(sources)), await head_of(uow, target)
        records = [found[own] for own in sources if own in found]
        if new is None or len(records) < len(sources):
            raise IntegrityError
        joining = Joining(uow, records, new, self._deks([new, *records]))
        joined = await joining.join()
        await self._touch(uow, joining.touched)
        return joined

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """The parts that are still kept, and the contacts of others that are this person."""
        found = await whole_customers(uow, {target, *joined})
        if len(found) <= len(joined):
            raise IntegrityError
        sources = {own: found[own] for own in joined}
        parting = Parting(uow, found[target], sources, self._deks(found.values()))
        kept = await parting.part(joined)
        await self._touch(uow, parting.touched)
        return kept

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """The record is blanked and archived, its parts are removed, its data key is destroyed.

        Contacts of organisations that are this person go too.
        """
        record = await whole_customer(uow, customer_id)
        if record is None:
            return
        row = record.row
        gone = {"archived_at": row.archived_at or uow.now, "erased_at": row.erased_at or uow.now}
        blank = {**BLANK, **gone, "updated_at": uow.now}
        uow.update(customers, {"id": row.id}, {**blank, "revision": row.revision + 1})
        for table in (*_PARTS, match_claims, customer_keys, search_tokens):
            uow.delete(table, {"customer_id": customer_id})
        await self._remove_contacts(uow, await contacts_naming(uow, [customer_id]))

    def _dek(self, record: CustomerRecord) -> Dek | None:
        if record.wrapped_dek is None or record.dek_version is None:
            return None
        return self._keys.cipher.unwrap(record.row.id, record.dek_version, record.wrapped_dek)

    def _deks(self, records: Iterable[CustomerRecord]) -> dict[UUID, Dek]:
        """The key of each. Raises IntegrityError."""
        deks = {record.row.id: self._dek(record) for record in records}
        found = {own: dek for own, dek in deks.items() if dek is not None}
        if len(found) < len(deks):
            raise IntegrityError
        return found

    async def _remove_contacts(self, uow: UnitOfWork, rows: list[ContactRow]) -> None:
        gone = {row.id for row in rows}
        organisations = await whole_customers(uow, {row.customer_id for row in rows})
        for row in rows:
            uow.delete(customer_contacts, {"id": row.id})
        for organisation in organisations.values():
            left = [contact for contact in organisation.contacts if contact.id not in gone]
            if left and not any(contact.is_primary for contact in left):
                oldest = left[0]
                values = {"is_primary": True, "updated_at": uow.now, "revision": oldest.revision + 1}
                uow.update(customer_contacts, {"id": oldest.id}, values)
        await self._touch(uow, set(organisations))

    @staticmethod
    async def _touch(uow: UnitOfWork, ids: Iterable[UUID]) -> None:
        """Say that the contacts of third customers changed."""
        for record in (await whole_customers(uow, set(ids))).values():
            row = record.row
            values = {"updated_at": uow.now, "revision": row.revision + 1}
            uow.update(customers, {"id": row.id, "revision": row.revision}, values, guard=True)
            uow.emit(CustomerUpdated(row.id, row.revision + 1, row.id, (Field.CONTACTS.value,)))


def _custom(dek: Dek | None, row: CustomerRow) -> dict[str, Any]:
    """All custom fields by key, sensitive ones in full where they still open."""
    return {**(row.custom or {}), **({} if dek is None else opened(dek, row))}


def _told(dek: Dek | None, table: str, row: Any, texts: Iterable[str] = ()) -> dict[str, Any]:
    """The business content of a row, by column."""
    values = {name: value for name, value in row._asdict().items() if name not in _UNTOLD}
    spans = getattr(row, "spans", None)
    if dek is not None and spans is not None:
        values |= opened_texts(dek, table, row.id, spans, {name: values[name] for name in texts})
    if "id" in values:
        values["id"] = to_text(_PREFIXES[type(row)], row.id)
    for name, prefix in (("person_id", Prefix.CUSTOMER), ("owner_id", Prefix.USER), ("team_id", Prefix.TEAM)):
        if name in values:
            values[name] = text_or_none(prefix, values[name])
    return values
