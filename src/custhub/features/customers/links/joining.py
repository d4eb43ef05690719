"""Parts of customers become another's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.features.customers.links.moving import (
    ADDRESSES,
    CONTACTS,
    EMAILS,
    KEYS,
    MATCHES,
    NAMED,
    TABLES,
    TAGS,
    TWINS,
    Changes,
    Part,
    said,
    sealed_spans,
    tag_values,
)
from custhub.features.customers.models import (
    AddressRow,
    ContactRow,
    TagRow,
    customer_external_ids,
    customer_tags,
    match_claims,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import match_claims_among
from custhub.features.customers.queries.naming import tokens_held
from custhub.features.customers.queries.whole import contacts_naming
from custhub.features.customers.repository import change_tokens
from custhub.features.customers.rules import tokens_of
from custhub.kit.customer_link import Moved, remembered
from custhub.kit.uow import UnitOfWork


class Joining:
    """All of some customers, in their order, to one of whom the head is known; read and locked by who calls.

    Each meets what those before it have brought: what becomes of a row is worked out first, and written once.
    """

    def __init__(
        self, uow: UnitOfWork, sources: Sequence[CustomerRecord], target: CustomerRecord, deks: Mapping[UUID, Dek]
    ) -> None:
        self._uow = uow
        self._sources = sources
        self._target = target
        self._deks = deks
        self._held: dict[str, list[Part]] = {
            EMAILS: list(target.emails), ADDRESSES: list(target.addresses), CONTACTS: list(target.contacts)
        }  # fmt: skip
        self._tags = {tag.tag_key: tag for tag in target.tags}
        self._was: dict[str, TagRow] = dict(self._tags)
        self._changes = Changes(uow)
        #: Third customers of whom a contact is somebody else now.
        self.touched: set[UUID] = set()

    async def join(self) -> dict[UUID, Moved]:
        """All parts join those of the target, whose primary ones stay; of one tag the older stays."""
        uow, own = self._uow, [source.row.id for source in self._sources]
        target = self._target.row.id
        naming: dict[UUID, list[ContactRow]] = {}
        for row in await contacts_naming(uow, own):
            if row.person_id is not None:
                naming.setdefault(row.person_id, []).append(row)
        claims: dict[UUID, dict[str, dict[str, Any]]] = {one: {} for one in own}
        for claim in await match_claims_among(uow, own):
            claims[claim.customer_id][claim.key.hex()] = {}
        for record in self._sources:
            for contact in record.contacts:
                self._changes.know(contact)
        for rows in naming.values():
            for contact in rows:
                self._changes.know(contact)
        joined: dict[UUID, Moved] = {
            record.row.id: self._join(record, naming.get(record.row.id, ())) | {MATCHES: claims[record.row.id]}
            for record in self._sources
        }
        self._changes.store()
        keys = [key for record in self._sources for key in record.external_ids]
        uow.writes.update_all(customer_external_ids, [({"id": key.id}, {"customer_id": target}) for key in keys])
        uow.writes.update_all(match_claims, [({"customer_id": one}, {"customer_id": target}) for one in own])
        self._store_tags()
        await self._find_again()
        return joined

    def _join(self, record: CustomerRecord, naming: Iterable[ContactRow]) -> dict[str, Mapping[str, Mapping[str, Any]]]:
        source, before = record.row.id, dict[str, Any]()
        contacts = [self._changes.contact(contact.id) for contact in record.contacts]
        for table, rows in ((EMAILS, record.emails), (ADDRESSES, record.addresses), (CONTACTS, contacts)):
            held = self._held[table]
            before[table] = remembered(rows, held)
            for part in rows:
                self._move(part, is_primary=part.is_primary and not held)
            self._held[table] = held or [part for part in rows if part.is_primary]
        for contact in contacts:
            before[CONTACTS][contact.id.hex]["is_self"] = contact.person_id == source
        before[KEYS] = {key.id.hex: {"is_live": key.is_live} for key in record.external_ids}
        before[TAGS], before[TWINS] = self._join_tags(record)
        named = [self._changes.contact(one.id) for one in naming]
        for contact in named:
            values = {"person_id": self._target.row.id, "revision": contact.revision + 1}
            self._changes.add(contact, values)
        before[NAMED] = {contact.id.hex: {"revision": contact.revision + 1} for contact in named}
        self.touched |= {contact.customer_id for contact in named} - {self._target.row.id}
        return before

    def _move(self, row: Part, *, is_primary: bool) -> None:
        """Give a part to the target, sealed anew; a contact that is its customer in person is the target then."""
        target = self._target.row.id
        values: dict[str, Any] = {"customer_id": target, "is_primary": is_primary, "revision": row.revision + 1}
        if isinstance(row, AddressRow | ContactRow):
            deks = self._deks[row.customer_id], self._deks[target]
            values["spans"] = sealed_spans(deks, str(TABLES[type(row)].name), row.id, row.spans)
        if isinstance(row, ContactRow):
            values["person_id"] = target if row.person_id == row.customer_id else row.person_id
        self._changes.add(row, values)

    def _join_tags(self, record: CustomerRecord) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        moved: dict[str, dict[str, Any]] = {}
        twins: dict[str, dict[str, Any]] = {}
        for tag in record.tags:
            twin = self._tags.get(tag.tag_key)
            if twin is None:
                self._tags[tag.tag_key] = self._was[tag.tag_key] = tag
                moved[tag.tag_key] = said(tag)
                continue
            twins[tag.tag_key] = {"target": said(twin), "source": said(tag)}
            if tag.added_at < twin.added_at:
                self._tags[tag.tag_key] = twin._replace(**tag_values(tag))
        return moved, twins

    def _store_tags(self) -> None:
        """Of each tag one row stays, the target's own or the first that came; the others are in the merge alone."""
        stay = {(tag.customer_id, tag.tag_key) for tag in self._was.values()}
        target, changes = self._target.row.id, []
        for name, was in self._was.items():
            values = {"customer_id": target, **tag_values(self._tags[name])}
            if values != {"customer_id": was.customer_id, **tag_values(was)}:
                changes.append(({"customer_id": was.customer_id, "tag_key": name}, values))
        gone = [tag for record in self._sources for tag in record.tags if (tag.customer_id, tag.tag_key) not in stay]
        self._uow.writes.delete_all(
            customer_tags, [{"customer_id": tag.customer_id, "tag_key": tag.tag_key} for tag in gone]
        )
        self._uow.writes.update_all(customer_tags, changes)

    async def _find_again(self) -> None:
        new, wanted = self._target, set[str]()
        for record in self._sources:
            wanted.update(tokens_of(new.row, record.emails, record.external_ids))
        known = await tokens_held(self._uow, new.row.id, wanted)
        change_tokens(
            self._uow,
            [
                *(
                    (old.row.id, tokens_of(old.row, old.emails, old.external_ids), tokens_of(old.row, (), ()))
                    for old in self._sources
                ),
                (new.row.id, known, wanted),
            ],
        )
