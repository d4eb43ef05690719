"""What the hub keeps of a customer itself: the record, its parts, its data key, and traces of requests and events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.crypto.models import customer_keys
from custhub.events.outbox import events
from custhub.features.customers.events import CustomerUpdated
from custhub.features.customers.models import (
    AddressRow,
    ContactRow,
    CustomerRow,
    EmailRow,
    ExternalIdRow,
    TagRow,
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
from custhub.features.customers.queries.whole import contacts_naming, whole_customer, whole_customers
from custhub.features.customers.repository import BLANK, change_tokens
from custhub.features.customers.rules import tokens_of
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.custom import opened
from custhub.features.customers.service.parts import CONTACT_TEXTS
from custhub.features.phones.vault import opened_texts
from custhub.http.idempotency import idempotency_keys
from custhub.kit.customer_link import Moved
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork
from custhub.security.fields import Field

_EMPTY: Final = ""
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

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """The parts of `source` join those of `target`, whose primary ones stay; of one tag the older stays."""
        records = await whole_customers(uow, {source, target})
        old, new = records[source], records[target]
        deks = self._keys_of(old, new)
        for email in old.emails:
            _move(uow, email, target, new.emails, {})
        for address in old.addresses:
            sealed = {"spans": _resealed(deks, "customer_addresses", address.id, address.spans)}
            _move(uow, address, target, new.addresses, sealed)
        for contact in old.contacts:
            spans = _resealed(deks, "customer_contacts", contact.id, contact.spans)
            person = target if contact.person_id == source else contact.person_id
            _move(uow, contact, target, new.contacts, {"spans": spans, "person_id": person})
        for key in old.external_ids:
            uow.update(customer_external_ids, {"id": key.id}, {"customer_id": target})
        uow.update(match_claims, {"customer_id": source}, {"customer_id": target})
        tags = [tag for tag in old.tags if _move_tag(uow, tag, new.tags, target)]
        _find_again(uow, old, emails=(), external_ids=())
        _find_again(uow, new, emails=(*new.emails, *old.emails), external_ids=(*new.external_ids, *old.external_ids))
        named = await contacts_naming(uow, source)
        await self._rename(uow, [row for row in named if row.customer_id != source], target)
        return {
            "customer_emails": [row.id.hex for row in old.emails],
            "customer_addresses": [row.id.hex for row in old.addresses],
            "customer_contacts": [row.id.hex for row in old.contacts],
            "customer_external_ids": [row.id.hex for row in old.external_ids],
            "customer_tags": [tag.tag_key for tag in tags],
        }

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
        await self._remove_contacts(uow, await contacts_naming(uow, customer_id))

    def _dek(self, record: CustomerRecord) -> Dek | None:
        if record.wrapped_dek is None or record.dek_version is None:
            return None
        return self._keys.cipher.unwrap(record.row.id, record.dek_version, record.wrapped_dek)

    def _keys_of(self, old: CustomerRecord, new: CustomerRecord) -> tuple[Dek, Dek]:
        source, target = self._dek(old), self._dek(new)
        if source is None or target is None:
            raise IntegrityError
        return source, target

    async def _rename(self, uow: UnitOfWork, rows: list[ContactRow], person: UUID) -> None:
        for row in rows:
            values = {"person_id": person, "updated_at": uow.now, "revision": row.revision + 1}
            uow.update(customer_contacts, {"id": row.id}, values)
        await self._touch(uow, {row.customer_id for row in rows} - {person})

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


class CustomerTraces:
    """What requests and events left behind: stored answers and event bodies. They stay with whom they were about."""

    tables = frozenset({"idempotency_keys", "events"})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: they repeat what is kept elsewhere."""
        return {}

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """Nothing moves: an answer or event is about the id that it names."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Bodies are emptied: a replay answers 410, an event says no more than that it was (contract_d3, E-5)."""
        answer = {"status": 0, "media_type": _EMPTY, "location": None, "body": b""}
        uow.update(idempotency_keys, {"customer_id": customer_id}, answer)
        uow.update(events, {"customer_id": customer_id}, {"data": {}})


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


def _resealed(deks: tuple[Dek, Dek], table: str, row_id: UUID, spans: Sealed | None) -> Sealed | None:
    if spans is None:
        return None
    source, target = deks
    return Sealed(target.seal(table, "spans", row_id, source.open(table, "spans", row_id, spans.blob)))


def _move(
    uow: UnitOfWork, row: EmailRow | AddressRow | ContactRow, target: UUID, held: Sequence[object], values: Any
) -> None:
    """Give a part to `target`, which keeps the primary one that it has."""
    is_primary = row.is_primary and not held
    moved = {"customer_id": target, "is_primary": is_primary, "updated_at": uow.now, "revision": row.revision + 1}
    uow.update(_TABLES[type(row)], {"id": row.id}, {**moved, **values})


def _find_again(
    uow: UnitOfWork, record: CustomerRecord, emails: Sequence[EmailRow], external_ids: Sequence[ExternalIdRow]
) -> None:
    """Let search find a customer by these addresses and ids instead of those it has."""
    before = tokens_of(record.row, record.emails, record.external_ids)
    change_tokens(uow, [(record.row.id, before, tokens_of(record.row, emails, external_ids))])


def _move_tag(uow: UnitOfWork, tag: TagRow, held: Sequence[TagRow], target: UUID) -> bool:
    key = {"customer_id": tag.customer_id, "tag_key": tag.tag_key}
    twin = next((other for other in held if other.tag_key == tag.tag_key), None)
    if twin is None:
        uow.update(customer_tags, key, {"customer_id": target})
        return True
    uow.delete(customer_tags, key)
    if tag.added_at < twin.added_at:
        older = {"tag": tag.tag, "added_by": tag.added_by, "added_at": tag.added_at}
        uow.update(customer_tags, {"customer_id": target, "tag_key": tag.tag_key}, older)
    return False
