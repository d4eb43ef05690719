"""Join the parts of a record to those of a customer: what it has already stays, what is new is added, nothing goes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from custhub.features.customers.errors import ContactNotAllowed, TooManyParts
from custhub.features.customers.models import AddressRow, ContactRow, EmailRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.addresses import CustomerAddresses
from custhub.features.customers.service.contacts import CustomerContacts
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.emails import CustomerEmails
from custhub.features.customers.service.external_ids import MAX_EXTERNAL_IDS
from custhub.features.customers.service.keeping import told_of, with_one_primary
from custhub.features.customers.service.parts import CONTACT_TEXTS
from custhub.features.customers.service.phones import MAX_PHONES, told_of_phone
from custhub.features.customers.service.saying import Named, Sayings
from custhub.features.customers.service.tags import MAX_TAGS
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.vault import open_number, opened_texts
from custhub.features.suppressions.service import Screened
from custhub.http.issues import issue
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field

P = TypeVar("P", EmailRow, AddressRow, ContactRow)


class PartJoiner:
    """Joins parts to one customer in one unit of work.

    `fields` are the kinds of parts that changed so far; their rows and audit entries are in the unit of work.
    """

    def __init__(self, context: CustomerContext, record: CustomerRecord, found: Screened, sayings: Sayings) -> None:
        self.record = record
        self.fields: list[str] = []
        #: Ids of the parts that were added or changed.
        self.parts: list[str] = []
        self._context = context
        self._found = found
        self._uow = context.uow
        self._dek = context.dek(record)
        self._builder = context.builder_of(record.row.id, self._dek)
        self._sayings = sayings

    def join(self, field: Field, body: CustomerCreate, numbers: Sequence[PhoneNumber]) -> None:
        """Join the parts of one kind.

        Raises TooManyParts, ContactNotAllowed, Suppressed, and what breaks a rule of the parts.
        """
        if field is Field.PHONES:
            self._phones(body, numbers)
        elif field is Field.EMAILS:
            emails = [self._builder.email(email, is_primary=False) for email in body.emails]
            emails = [
                email._replace(suppressed_by=self._found.mailbox(email.folded, f"#/emails/{i}/email"))
                for i, email in enumerate(emails)
            ]
            wanted = [email.is_primary for email in body.emails]
            self._join(CustomerEmails, self.record.emails, emails, wanted, lambda row: row.folded)
        elif field is Field.ADDRESSES:
            addresses = [
                self._builder.address(address, f"#/addresses/{i}", is_primary=False)
                for i, address in enumerate(body.addresses)
            ]
            wanted = [address.is_primary for address in body.addresses]
            self._join(CustomerAddresses, self.record.addresses, addresses, wanted, self._place)
        elif field is Field.CONTACTS:
            if self.record.row.kind != CustomerKind.ORGANISATION:
                raise ContactNotAllowed(issues=[issue("#/contacts", ContactNotAllowed.code)])
            contacts = [self._builder.contact(contact, is_primary=False) for contact in body.contacts]
            wanted = [contact.is_primary for contact in body.contacts]
            self._join(CustomerContacts, self.record.contacts, contacts, wanted, self._person)
        elif field is Field.EXTERNAL_IDS:
            self._external_ids(body)
        elif field is Field.TAGS:
            self._tags(body)

    def _place(self, row: AddressRow) -> Hashable:
        opened = opened_texts(self._dek, "customer_addresses", row.id, row.spans, {"street": row.street})
        return row.country, row.province, row.city, row.district, row.postcode, opened["street"]

    def _person(self, row: ContactRow) -> Hashable:
        texts: dict[str, str | None] = {name: getattr(row, name) for name in CONTACT_TEXTS}
        opened = opened_texts(self._dek, "customer_contacts", row.id, row.spans, texts)
        return row.person_id or (opened["name"], row.email)

    def _join(
        self,
        kind: type[CustomerEmails] | type[CustomerAddresses] | type[CustomerContacts],
        held: Sequence[P],
        made: Sequence[P],
        wanted: Sequence[bool],
        identity: Callable[[P], Hashable],
    ) -> None:
        """Parts of which one is the primary one."""

        def named(row: P, *, is_wanted: bool = False) -> Named:
            part_id = to_text(kind.prefix, row.id)
            return Named(row.id, part_id, row.created_at, lambda: repr(identity(row)), is_wanted)

        rows: dict[Hashable, P] = {identity(row): row for row in reversed(held)}
        kept, sent = {row.id: row for row in held}, list[Named]()
        for row, is_wanted in zip(made, wanted, strict=True):
            twin = rows.get(identity(row))
            if twin is None:
                rows[identity(row)] = kept[row.id] = twin = row
                self._sayings.added(to_text(kind.prefix, row.id))
            elif not isinstance(row, ContactRow) and self._relabels(kind.prefix, kept[twin.id], row.label):
                kept[twin.id] = kept[twin.id]._replace(label=row.label)
            sent.append(named(twin, is_wanted=is_wanted))
        primary = self._sayings.primary(kind.field, sent, next((named(row) for row in held if row.is_primary), None))
        if len(kept) > kind.limit:
            raise TooManyParts
        before = {row.id: row for row in held}
        after = [
            self._written(before.get(row.id), row, kind)
            for row in with_one_primary(list(kept.values()), primary, made[-1].id)
        ]
        self._settle(kind.field, before != {row.id: row for row in after}, after)

    def _relabels(self, prefix: Prefix, row: EmailRow | AddressRow | PhoneRow, sent: str | None) -> bool:
        return self._sayings.relabels(to_text(prefix, row.id), row.created_at, row.label, sent)

    def _written(self, old: P | None, new: P, kind: Any) -> P:
        customers = self._context.customers
        if old is None:
            customers.add_parts([new])
        elif new == old:
            return old
        else:
            new = new._replace(updated_at=self._uow.now, revision=old.revision + 1)
            customers.change_part(old, new)
        self.parts.append(to_text(kind.prefix, new.id))
        told = [old and told_of(old, kind.told), told_of(new, kind.told)]
        self._note(kind.field, told, f"{kind.noun}.{'added' if old is None else 'changed'}")
        return new

    def _note(self, field: Field, told: Any, action: str) -> None:
        self._context.note(self.record, [field.value], {field.value: told}, action)

    def _settle(self, field: Field, has_changed: bool, rows: Sequence[Any]) -> None:
        if has_changed:
            self.fields.append(field.value)
            parts: dict[str, Any] = {field.value: tuple(sorted(rows, key=lambda row: row.id))}
            self.record = self.record._replace(**parts)

    def _phones(self, body: CustomerCreate, numbers: Sequence[PhoneNumber]) -> None:
        service, held = self._context.phones, self.record.phones
        before = {row.id: row for row in held}
        rows, added, sent = dict(before), dict[UUID, PhoneNumber](), list[Named]()

        def named(row: PhoneRow, *, is_wanted: bool = False) -> Named:
            part_id = to_text(Prefix.PHONE, row.id)
            return Named(row.id, part_id, row.created_at, lambda: self._canonical(row, added), is_wanted)

        for i, (number, phone) in enumerate(zip(numbers, body.phones, strict=True)):
            held_back = self._found.number(number, f"#/phones/{i}/number")
            twin = next((row for row in rows.values() if self._is_number(row, number, added)), None)
            if twin is None:
                twin = service.build(self.record.row.id, self._dek, number, phone, is_primary=False)
                twin = twin._replace(suppressed_by=held_back)
                rows[twin.id], added[twin.id] = twin, number
                self._sayings.added(to_text(Prefix.PHONE, twin.id))
            elif self._relabels(Prefix.PHONE, twin, phone.label):
                rows[twin.id] = twin._replace(label=phone.label)
            sent.append(named(twin, is_wanted=phone.is_primary))
        if len(rows) > MAX_PHONES:
            raise TooManyParts
        standing = next((named(row) for row in held if row.is_primary), None)
        primary = self._sayings.primary(Field.PHONES, sent, standing)
        primary = primary or next((row.id for row in rows.values() if row.is_primary), next(iter(rows)))
        after: list[PhoneRow] = []
        for row in rows.values():
            new = row._replace(is_primary=row.id == primary)
            old = before.get(row.id)
            if old is None:
                service.store(new, added[row.id])
                self._note(Field.PHONES, [None, told_of_phone(added[row.id].e164, new)], "phone.added")
            elif new != old:
                new = new._replace(updated_at=self._uow.now, revision=old.revision + 1)
                service.change(old, new, self._dek, live=True)
                e164 = open_number(self._dek, old)
                self._note(Field.PHONES, [told_of_phone(e164, old), told_of_phone(e164, new)], "phone.changed")
            if new != old:
                self.parts.append(to_text(Prefix.PHONE, new.id))
            after.append(new)
        self._settle(Field.PHONES, before != {row.id: row for row in after}, after)

    def _is_number(self, row: PhoneRow, number: PhoneNumber, added: dict[UUID, PhoneNumber]) -> bool:
        if row.exact_index != self._context.keys.indexes.exact(number.equivalence_key, row.index_kid):
            return False
        # Behind one switchboard are many extensions.
        return self._canonical(row, added).partition(";ext=")[2] == (number.extension or "")

    def _canonical(self, row: PhoneRow, added: dict[UUID, PhoneNumber]) -> str:
        return added[row.id].canonical if row.id in added else open_number(self._dek, row)

    def _external_ids(self, body: CustomerCreate) -> None:
        known = {(row.source, row.external_id) for row in self.record.external_ids}
        sent = {(key.source, key.id): key for key in body.external_ids}
        new = [self._builder.external_id(key) for name, key in sent.items() if name not in known]
        if len(known) + len(new) > MAX_EXTERNAL_IDS:
            raise TooManyParts
        self._context.customers.add_parts(new)
        self._context.on_external_id_taken(new)
        for row in new:
            told = {"source": row.source, "id": row.external_id}
            self._note(Field.EXTERNAL_IDS, [None, told], "external_id.added")
        self._settle(Field.EXTERNAL_IDS, bool(new), [*self.record.external_ids, *new])

    def _tags(self, body: CustomerCreate) -> None:
        known = {row.tag_key for row in self.record.tags}
        new = [row for row in self._builder.tags(body.tags) if row.tag_key not in known]
        if len(known) + len(new) > MAX_TAGS:
            raise TooManyParts
        self._context.customers.add_parts(new)
        for row in new:
            self._note(Field.TAGS, [None, row.tag], "tag.added")
        if new:
            self.fields.append(Field.TAGS.value)
            tags = sorted((*self.record.tags, *new), key=lambda row: row.tag_key)
            self.record = self.record._replace(tags=tuple(tags))
