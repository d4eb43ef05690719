"""Parts of a customer become another's, and its own again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.features.customers.models import (
    AddressRow,
    ContactRow,
    EmailRow,
    ExternalIdRow,
    TagRow,
    customer_addresses,
    customer_contacts,
    customer_emails,
    customer_external_ids,
    customer_tags,
    match_claims,
)
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import held_keys, match_claims_of
from custhub.features.customers.queries.naming import tokens_among, tokens_held
from custhub.features.customers.queries.whole import contacts_naming
from custhub.features.customers.repository import change_tokens
from custhub.features.customers.rules import tokens_of
from custhub.kit.customer_link import (
    Kept,
    Moved,
    Parted,
    WhyKept,
    from_plain,
    gone,
    parted,
    remembered,
    revision_back,
    to_plain,
)
from custhub.kit.uow import UnitOfWork

Part = EmailRow | AddressRow | ContactRow

_EMAILS: Final = "customer_emails"
_ADDRESSES: Final = "customer_addresses"
_CONTACTS: Final = "customer_contacts"
_KEYS: Final = "customer_external_ids"
_TAGS: Final = "customer_tags"
_MATCHES: Final = "match_claims"
_TABLES: Final = {EmailRow: customer_emails, AddressRow: customer_addresses, ContactRow: customer_contacts}
#: Tags that both had, as each of them had it.
TWINS: Final = "customer_tags.twins"
#: Contacts of others that were the person who was joined.
NAMED: Final = "customer_contacts.person_id"
_TAG: Final = ("tag", "added_by", "added_at")


class Move:
    """From one customer to another, both read and locked by who calls; `deks` in this order."""

    def __init__(self, uow: UnitOfWork, old: CustomerRecord, new: CustomerRecord, deks: tuple[Dek, Dek]) -> None:
        self._uow = uow
        self._old = old
        self._new = new
        self._deks = deks

    async def join(self) -> Moved:
        """All parts of the old one join those of the new one, whose primary ones stay; of one tag the older stays.

        Of the new one nothing is read but its head: of many that join, the last would read what all have brought.
        """
        old, new, uow = self._old, self._new, self._uow
        target, before = new.row.id, dict[str, dict[str, dict[str, Any]]]()
        for rows, held in ((old.emails, new.emails), (old.addresses, new.addresses), (old.contacts, new.contacts)):
            for part in rows:
                self._move(part, {"is_primary": part.is_primary and not held})
        before[_EMAILS] = remembered(old.emails, new.emails)
        before[_ADDRESSES] = remembered(old.addresses, new.addresses)
        before[_CONTACTS] = remembered(old.contacts, new.contacts)
        for contact in old.contacts:
            before[_CONTACTS][contact.id.hex]["is_self"] = contact.person_id == old.row.id
        for key in old.external_ids:
            uow.update(customer_external_ids, {"id": key.id}, {"customer_id": target})
        before[_KEYS] = {key.id.hex: {"is_live": key.is_live} for key in old.external_ids}
        claims = await match_claims_of(uow, old.row.id)
        uow.update(match_claims, {"customer_id": old.row.id}, {"customer_id": target})
        before[_MATCHES] = {claim.key.hex(): {} for claim in claims}
        before[_TAGS], before[TWINS] = self._join_tags()
        _find_again(uow, old, tokens_of(old.row, old.emails, old.external_ids), (), ())
        wanted = set(tokens_of(new.row, old.emails, old.external_ids))
        known = await tokens_held(uow, target, wanted)
        change_tokens(uow, [(target, known, wanted)])
        return before

    async def part(self, moved: Moved) -> tuple[list[Kept], list[ContactRow]]:
        """Parts of the old one that came from the new one go back; what could not, and the contacts that are it.

        Contacts of the old one itself are seen to here, the others' are not.
        """
        old, new, uow = self._old, self._new, self._uow
        mine, source = old.row.id, new.row.id
        kept: list[Kept] = []
        named = moved.get(NAMED, {})
        for table, rows in (
            (_EMAILS, old.emails),
            (_ADDRESSES, old.addresses),
            (_CONTACTS, old.contacts),
        ):
            before = moved.get(table, {})
            sides = parted(table, rows, before)
            self._part(sides, before, named)
            kept += sides.kept
        keys, taken = await self._keys(moved.get(_KEYS, {}))
        kept += taken
        for claim in await match_claims_of(uow, mine):
            if claim.key.hex() in moved.get(_MATCHES, {}):
                uow.update(match_claims, {"key": claim.key, "customer_id": mine}, {"customer_id": source})
        kept += self._part_tags(moved.get(_TAGS, {}), moved.get(TWINS, {}))
        await self._find_again(moved, keys)
        return kept, [row for row in await contacts_naming(uow, mine) if row.id.hex in named]

    def _move(self, row: Part, values: Mapping[str, Any]) -> None:
        """Give a part to the new one, sealed anew; a contact that is the old one in person is the new one then."""
        target, more = self._new.row.id, dict[str, Any]()
        if isinstance(row, AddressRow | ContactRow):
            more["spans"] = self._resealed(str(_TABLES[type(row)].name), row.id, row.spans)
        if isinstance(row, ContactRow) and row.person_id == self._old.row.id:
            more["person_id"] = target
        moved = {"customer_id": target, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(_TABLES[type(row)], {"id": row.id}, {**moved, **more, **values})

    def _part(self, sides: Parted, before: Mapping[str, Mapping[str, Any]], named: Mapping[str, Any]) -> None:
        for row in sides.back:
            revision = revision_back(row, before[row.id.hex])
            values: dict[str, Any] = {"is_primary": row.id == sides.first_back, "revision": revision}
            if isinstance(row, ContactRow) and not before[row.id.hex]["is_self"]:
                values["person_id"] = row.person_id
            self._move(row, values)
        for row in sides.stay:
            values = {"is_primary": row.id == sides.first_stay}
            if isinstance(row, ContactRow) and row.id.hex in named and row.person_id == self._old.row.id:
                values["person_id"] = self._new.row.id
            if any(getattr(row, name) != value for name, value in values.items()):
                values |= {"updated_at": self._uow.now, "revision": row.revision + 1}
                self._uow.update(_TABLES[type(row)], {"id": row.id}, values)

    async def _keys(
        self, before: Mapping[str, Mapping[str, Any]]
    ) -> tuple[list[ExternalIdRow], list[Kept]]:  # fmt: skip
        """External ids that go back, each as live as it was unless it is somebody else's by now."""
        back = [key for key in self._old.external_ids if key.id.hex in before]
        revived = {(key.source, key.external_id) for key in back if before[key.id.hex]["is_live"] and not key.is_live}
        held = await held_keys(self._uow, revived) if revived else {}
        kept = gone(_KEYS, before, back)
        for key in back:
            is_taken = (key.source, key.external_id) in held and not key.is_live
            is_live = before[key.id.hex]["is_live"] and not is_taken
            self._uow.update(
                customer_external_ids, {"id": key.id}, {"customer_id": self._new.row.id, "is_live": is_live}
            )
            kept += [Kept(_KEYS, key.id.hex, WhyKept.TAKEN)] * is_taken
        return back, kept

    def _join_tags(self) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
        uow, target = self._uow, self._new.row.id
        held = {tag.tag_key: tag for tag in self._new.tags}
        moved: dict[str, dict[str, Any]] = {}
        twins: dict[str, dict[str, Any]] = {}
        for tag in self._old.tags:
            key, twin = {"customer_id": tag.customer_id, "tag_key": tag.tag_key}, held.get(tag.tag_key)
            if twin is None:
                uow.update(customer_tags, key, {"customer_id": target})
                moved[tag.tag_key] = _said(tag)
                continue
            uow.delete(customer_tags, key)
            twins[tag.tag_key] = {"target": _said(twin), "source": _said(tag)}
            if tag.added_at < twin.added_at:
                uow.update(customer_tags, {"customer_id": target, "tag_key": tag.tag_key}, _values(tag))
        return moved, twins

    def _part_tags(self, moved: Mapping[str, Mapping[str, Any]], twins: Mapping[str, Mapping[str, Any]]) -> list[Kept]:
        """Tags go back to those that had them. One that was removed since is gone, though it may be there anew."""
        uow, source, target = self._uow, self._new.row.id, self._old.row.id
        held, kept = {tag.tag_key: tag for tag in self._old.tags}, list[Kept]()
        for name, was in (*moved.items(), *((name, _older(twin)) for name, twin in twins.items())):
            tag = held.get(name)
            if tag is None or _said(tag) != was:
                kept.append(Kept(_TAGS, name, WhyKept.GONE))
            elif name in moved:
                uow.update(customer_tags, {"customer_id": target, "tag_key": name}, {"customer_id": source})
            else:
                own = twins[name]["target"]
                if own != was:
                    values = from_plain(customer_tags, own)
                    uow.update(customer_tags, {"customer_id": target, "tag_key": name}, values)
                again = from_plain(customer_tags, twins[name]["source"])
                uow.insert(customer_tags, TagRow(source, name, **again))
        return kept

    async def _find_again(self, moved: Moved, keys: Sequence[ExternalIdRow]) -> None:
        """Let search find both by what is theirs now; what it knew is read, others may have written it."""
        old, new = self._old, self._new
        before = moved.get(_EMAILS, {})
        emails = [email for email in old.emails if email.id.hex in before]
        known = await tokens_among(self._uow, [old.row.id, new.row.id])
        stay = [email for email in old.emails if email.id.hex not in before]
        left = [key for key in old.external_ids if key not in keys]
        _find_again(self._uow, old, known[old.row.id], stay, left)
        _find_again(self._uow, new, known[new.row.id], (*new.emails, *emails), (*new.external_ids, *keys))

    def _resealed(self, table: str, row_id: UUID, spans: Sealed | None) -> Sealed | None:
        if spans is None:
            return None
        source, target = self._deks
        return Sealed(target.seal(table, "spans", row_id, source.open(table, "spans", row_id, spans.blob)))


def _values(tag: TagRow) -> dict[str, Any]:
    return {name: getattr(tag, name) for name in _TAG}


def _said(tag: TagRow) -> dict[str, Any]:
    """What tells a tag from another of its name, as JSON."""
    plain = to_plain(tag)
    return {name: plain[name] for name in _TAG}


def _older(twin: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one that stayed with the target: of two of one moment its own. JSON keeps no order."""
    source, target = twin["source"], twin["target"]
    return source if source["added_at"] < target["added_at"] else target


def _find_again(
    uow: UnitOfWork,
    record: CustomerRecord,
    before: Iterable[str],
    emails: Sequence[EmailRow],
    external_ids: Sequence[ExternalIdRow],
) -> None:
    change_tokens(uow, [(record.row.id, before, tokens_of(record.row, emails, external_ids))])
