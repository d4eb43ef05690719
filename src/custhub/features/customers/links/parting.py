"""Parts of a customer become their former customers' own again."""

from __future__ import annotations

from collections.abc import Mapping
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
    EXTERNAL_ID,
    AddressRow,
    ContactRow,
    EmailRow,
    ExternalIdRow,
    TagRow,
    customer_external_ids,
    customer_tags,
    match_claims,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import held_keys, match_claims_of
from custhub.features.customers.queries.naming import tokens_among
from custhub.features.customers.queries.whole import contacts_naming
from custhub.features.customers.repository import change_tokens, lost_race
from custhub.features.customers.rules import tokens_of
from custhub.kit.customer_link import Joined, Kept, Moved, Parted, WhyKept, from_plain, gone, parted, revision_back
from custhub.kit.uow import UnitOfWork


class Parting:
    """From one customer to those who were joined to it, the last one first; read and locked by who calls.

    What becomes of a row is worked out first, and written once.
    """

    def __init__(
        self, uow: UnitOfWork, target: CustomerRecord, sources: Mapping[UUID, CustomerRecord], deks: Mapping[UUID, Dek]
    ) -> None:
        self._uow = uow
        self._target = target
        self._sources = sources
        self._deks = deks
        self._parts: dict[str, dict[UUID, Any]] = {
            EMAILS: {row.id: row for row in target.emails},
            ADDRESSES: {row.id: row for row in target.addresses},
            CONTACTS: {row.id: row for row in target.contacts},
        }
        self._keys = {key.id: key for key in target.external_ids}
        self._tags = {tag.tag_key: tag for tag in target.tags}
        self._tag_values: dict[str, tuple[UUID, TagRow]] = {}
        self._twins: list[TagRow] = []
        self._changes = Changes(uow)
        self._emails: dict[UUID, list[EmailRow]] = {own: list(record.emails) for own, record in sources.items()}
        self._own_keys: dict[UUID, list[ExternalIdRow]] = {
            own: list(record.external_ids) for own, record in sources.items()
        }
        self._key_values: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
        self._taken: set[tuple[str, str]] = set()
        #: Third customers of whom a contact is somebody else now.
        self.touched: set[UUID] = set()

    async def part(self, joined: Joined) -> dict[UUID, list[Kept]]:
        """Parts go back to whom they came from; what could not."""
        for contact in (*self._target.contacts, *await contacts_naming(self._uow, [self._target.row.id])):
            self._changes.know(contact)
        await self._look_up_keys(joined)
        kept: dict[UUID, list[Kept]] = {}
        for source in reversed(list(joined)):
            kept[source] = self._part(source, joined[source])
        self._changes.store()
        self._uow.writes.update_all(customer_external_ids, self._key_values)
        await self._return_matches(joined)
        self._store_tags()
        await self._find_again()
        return kept

    def _part(self, source: UUID, moved: Moved) -> list[Kept]:
        kept, target = list[Kept](), self._target.row.id
        named = moved.get(NAMED, {})
        for table in (EMAILS, ADDRESSES, CONTACTS):
            before = moved.get(table, {})
            if not before and (table != CONTACTS or not named):
                continue
            sides = parted(table, self._parts[table].values(), before)
            self._return(source, table, sides, before, named)
            kept += sides.kept
        kept += self._part_keys(source, moved.get(KEYS, {}))
        kept += self._part_tags(source, moved.get(TAGS, {}), moved.get(TWINS, {}))
        for contact in self._changes.known(UUID(hex=key) for key in named):
            if contact.person_id == target and contact.customer_id != target:
                revision = revision_back(contact, named[contact.id.hex])
                self._changes.add(contact, {"person_id": source, "revision": revision})
                self.touched |= {contact.customer_id} - {source}
        return kept

    def _return(
        self, source: UUID, table: str, sides: Parted, before: Mapping[str, Mapping[str, Any]], named: Mapping[str, Any]
    ) -> None:
        target = self._target.row.id
        for row in sides.back:
            values = self._moved(row, source)
            values |= {"is_primary": row.id == sides.first_back, "revision": revision_back(row, before[row.id.hex])}
            if isinstance(row, ContactRow) and before[row.id.hex]["is_self"] and row.person_id == target:
                values["person_id"] = source
            self._changes.add(row, values)
            del self._parts[table][row.id]
            if isinstance(row, EmailRow):
                self._emails[source].append(row)
        for row in sides.stay:
            values = {"is_primary": row.id == sides.first_stay}
            if isinstance(row, ContactRow) and row.id.hex in named and row.person_id == target:
                values["person_id"] = source
            if any(getattr(row, name) != value for name, value in values.items()):
                values["revision"] = row.revision + 1
                self._changes.add(row, values)
                self._parts[table][row.id] = row._replace(**values)

    def _moved(self, row: Part, source: UUID) -> dict[str, Any]:
        values: dict[str, Any] = {"customer_id": source}
        if isinstance(row, AddressRow | ContactRow):
            deks = self._deks[self._target.row.id], self._deks[source]
            values["spans"] = sealed_spans(deks, str(TABLES[type(row)].name), row.id, row.spans)
        return values

    async def _look_up_keys(self, joined: Joined) -> None:
        """External ids that were live and are somebody else's by now."""
        revived = {
            (key.source, key.external_id)
            for moved in joined.values()
            for text, was in moved.get(KEYS, {}).items()
            if was["is_live"] and (key := self._keys.get(UUID(hex=text))) is not None and not key.is_live
        }
        self._taken = set(await held_keys(self._uow, revived)) if revived else set()
        # Somebody who takes one in this very moment has it: it is looked up once more.
        self._uow.on_violation(EXTERNAL_ID, lost_race)

    def _part_keys(self, source: UUID, before: Mapping[str, Mapping[str, Any]]) -> list[Kept]:
        """External ids that go back, each as live as it was unless it is somebody else's by now."""
        back = [key for text in before if (key := self._keys.get(UUID(hex=text))) is not None]
        kept = gone(KEYS, before, back)
        for key in back:
            name = (key.source, key.external_id)
            wanted = bool(before[key.id.hex]["is_live"])
            is_taken = wanted and not key.is_live and name in self._taken
            is_live = wanted and not is_taken
            if is_live:
                self._taken.add(name)
            self._key_values.append(({"id": key.id}, {"customer_id": source, "is_live": is_live}))
            kept += [Kept(KEYS, key.id.hex, WhyKept.TAKEN)] * is_taken
            del self._keys[key.id]
            self._own_keys[source].append(key)
        return kept

    async def _return_matches(self, joined: Joined) -> None:
        held = {claim.key.hex(): claim for claim in await match_claims_of(self._uow, self._target.row.id)}
        returning = [(held[key], own) for own, moved in joined.items() for key in moved.get(MATCHES, {}) if key in held]
        self._uow.writes.update_all(
            match_claims,
            [({"key": one.key, "customer_id": one.customer_id}, {"customer_id": own}) for one, own in returning],
        )

    def _part_tags(
        self, source: UUID, moved: Mapping[str, Mapping[str, Any]], twins: Mapping[str, Mapping[str, Any]]
    ) -> list[Kept]:
        """Tags go back to those that had them. One that was removed since is gone, though it may be there anew."""
        kept = list[Kept]()
        for name, was in (*moved.items(), *((name, _older(twin)) for name, twin in twins.items())):
            tag = self._tags.get(name)
            if tag is None or said(tag) != was:
                kept.append(Kept(TAGS, name, WhyKept.GONE))
            elif name in moved:
                self._tag_values[name] = (source, self._tags.pop(name))
            else:
                own = tag._replace(**from_plain(customer_tags, twins[name]["target"]))
                self._tags[name] = own
                self._tag_values[name] = (own.customer_id, own)
                self._twins.append(TagRow(source, name, **from_plain(customer_tags, twins[name]["source"])))
        return kept

    def _store_tags(self) -> None:
        was = {tag.tag_key: tag for tag in self._target.tags}
        changes = []
        for name, (owner, tag) in self._tag_values.items():
            values = {"customer_id": owner, **tag_values(tag)}
            if values != {"customer_id": was[name].customer_id, **tag_values(was[name])}:
                changes.append(({"customer_id": was[name].customer_id, "tag_key": name}, values))
        self._uow.writes.update_all(customer_tags, changes)
        self._uow.writes.insert_all(customer_tags, [tag._asdict() for tag in self._twins])

    async def _find_again(self) -> None:
        """Let search find all of them by what is theirs now; what it knew is read, others may have written it."""
        own = self._target.row.id
        known = await tokens_among(self._uow, [own, *self._sources])
        stay, left = list(self._parts[EMAILS].values()), list(self._keys.values())
        changes = [(own, known[own], tokens_of(self._target.row, stay, left))]
        for source, record in self._sources.items():
            wanted = tokens_of(record.row, self._emails[source], self._own_keys[source])
            changes.append((source, known[source], wanted))
        change_tokens(self._uow, changes)


def _older(twin: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one that stayed with the target: of two of one moment its own. JSON keeps no order."""
    source, target = twin["source"], twin["target"]
    return source if source["added_at"] < target["added_at"] else target
