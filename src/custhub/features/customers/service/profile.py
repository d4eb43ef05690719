"""The customer itself: create, change, archive, restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from custhub.features.customers.errors import (
    CustomerNotArchived,
    FieldConfirmed,
    PersonUnknown,
    SourceNotGranted,
)
from custhub.features.customers.events import CustomerArchived, CustomerCreated, CustomerRestored
from custhub.features.customers.models import CustomerRow
from custhub.features.customers.queries import CustomerRecord, is_reachable
from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.rules import (
    CustomerKind,
    pinyin_key,
    split_name,
)
from custhub.features.customers.rules.provenance import WHOLE, Origin, came_along, created
from custhub.features.customers.schemas.bodies import CustomerCreate, CustomerPatch
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.building import (
    CustomerBuilder,
    birthday_of,
    check_entries,
    composed,
    tax_id_of,
)
from custhub.features.customers.service.context import CustomerContext, provenance_of
from custhub.features.customers.service.custom import PREFIX, filter_rows
from custhub.features.customers.service.screening import screened
from custhub.features.customers.service.texts import changed_texts, stored_texts
from custhub.features.customers.service.values import REFERENCES
from custhub.features.phones.rules import render_placeholders
from custhub.http.issues import issue
from custhub.kit.ids import to_text
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note
from custhub.security.fields import Field
from custhub.security.principal import FieldNotWritable
from custhub.security.reach import ReachKind

#: Members that are more than a column.
_APART = frozenset({"birthday", "tax_id", "custom_fields", *TEXTS})
#: Kinds of parts of which one is the primary one.
_WITH_PRIMARY = (Field.PHONES.value, Field.EMAILS.value, Field.ADDRESSES.value, Field.CONTACTS.value)
_PARTS = frozenset({"family_name", "given_name"})


class ProfileChange(NamedTuple):
    """What changes of a customer's own row."""

    #: Members, each custom field by its own key.
    keys: list[str]
    values: dict[str, Any]
    #: Old and new values to tell of, by field.
    details: dict[str, Any]
    is_found_anew: bool


class CustomerService:
    """Use cases of the customer itself."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._uow = context.uow
        self._who = context.who

    async def create(
        self, body: CustomerCreate, occurred_at: datetime | None = None, is_unnamed: bool = False
    ) -> CustomerRecord:
        """Store a new customer with all its parts; `occurred_at` is when a machine's values became true.

        Raises Suppressed; PhoneTaken and ExternalIdTaken show at commit.
        """
        context, uow = self._context, self._uow
        body = await self.check(body)
        new = await screened(context, CustomerBuilder(context).build(body))
        record, key, numbers, values, tokens = new
        if occurred_at is not None and not context.is_person:
            kinds = {field: getattr(body, field) for field in _WITH_PRIMARY}
            primaries = {field: any(part.is_primary for part in parts) for field, parts in kinds.items() if parts}
            at = min(occurred_at, uow.now)
            origins = created(body.source, at, primaries, is_unnamed=is_unnamed) or {}
            kept = came_along(body.source, at, record.row.provenance or ())
            record = record._replace(row=record.row._replace(provenance=origins | kept))
        context.customers.add(record.row, key, tokens)
        for phone, number in zip(record.phones, numbers, strict=True):
            context.phones.store(phone, number)
        for parts in (record.emails, record.addresses, record.contacts, record.external_ids, record.tags, values):
            context.customers.add_parts(parts)
        context.standards.matching.add(uow, [new])
        context.on_external_id_taken(record.external_ids)
        uow.emit(CustomerCreated(record.row.id, 1, record.row.id))
        uow.audit(Note("customer.created", "customer", record.row.id, record.row.id, sorted(body.model_fields_set)))
        return record

    async def check(self, body: CustomerCreate) -> CustomerCreate:
        """The body, which names persons as who they are now; its rights and references are looked at.

        Raises FieldNotWritable, SourceNotGranted, OwnerUnknown, TeamUnknown, PersonUnknown.
        """
        self.check_rights(body)
        if body.owner_id is not None or body.team_id is not None:
            await self._context.check_placement(body.owner_id, body.team_id)
        named = {i: contact.person_id for i, contact in enumerate(body.contacts) if contact.person_id is not None}
        if not named:
            return body
        contacts = list(body.contacts)
        for i, person_id in named.items():
            contacts[i] = contacts[i].model_copy(update={"person_id": await self.check_person(person_id, i)})
        return body.model_copy(update={"contacts": contacts})

    async def check_person(self, person_id: UUID, place: int) -> UUID:
        """Who the person of a contact is now. Raises PersonUnknown for who is nobody, or out of reach."""
        now = (await survivors_of(self._uow, [person_id])).get(person_id)
        if now is None or not await is_reachable(self._uow, self._who.reach, now):
            raise PersonUnknown(issues=[issue(f"#/contacts/{place}/person_id", PersonUnknown.code)])
        return now

    def check_rights(self, body: CustomerCreate) -> None:
        """What needs no look at what is stored. Raises FieldNotWritable, SourceNotGranted."""
        hidden = sorted(body.model_fields_set & self._who.policy.hidden)
        if hidden:
            raise FieldNotWritable(hidden)
        reach = self._who.reach
        granted = reach.params.get("reach_sources") if reach.kind is ReachKind.SCOPED else None
        if granted and body.source not in granted:
            raise SourceNotGranted(issues=[issue("#/source", SourceNotGranted.code)])

    async def patch(
        self,
        customer_id: UUID,
        body: CustomerPatch,
        if_match: frozenset[int] | None = None,
        told: Mapping[str, Origin | None] | None = None,
    ) -> CustomerRecord:
        """Change what was sent. Raises FieldNotWritable, StaleRevision; an unchanged body stores nothing.

        What a person sends is confirmed by it, but for the origins that are `told`; a program gets FieldConfirmed for
        what a person has confirmed.
        """
        context = self._context
        record = await context.live(customer_id, if_match)
        sent = body.changes()
        self._who.require_writable(set(sent))
        if sent.get("owner_id") is not None or sent.get("team_id") is not None:
            await context.check_placement(sent.get("owner_id"), sent.get("team_id"))
        change = self.planned(record, sent)
        if not change.details:
            return record
        origins = {**self.origins(record.row, change.keys), **(told or {})}
        self.refind(record.row, change)
        return context.changed(record, sorted(change.details), change.values, change.details, origins=origins)

    def planned(self, record: CustomerRecord, sent: dict[str, Any]) -> ProfileChange:
        """What these members change of a customer, nothing stored. Raises the rule that a value breaks."""
        context = self._context
        dek = context.dek(record)
        values = self._columns(record, sent)
        changed = {name: value for name, value in values.items() if getattr(record.row, name) != value}
        fields = {Field.BIRTHDAY.value if column.startswith("birthday") else column for column in changed}
        split = _split_anew(record.row, sent)
        texts = changed_texts(dek, record.row, self._texts(record.row, sent) | split, context.mask_style)
        if texts:
            changed.update(stored_texts(dek, record.row, texts, context.country))
            fields.update(texts)
            if "display_name" in texts:
                changed["name_key"] = pinyin_key(changed["display_name"], CustomerKind(record.row.kind))
        custom = context.custom.patch(dek, record.row, sent.get("custom_fields") or {})
        changed.update(custom.columns)
        details = {f: [shown_member(record.row, f), shown_member(record.row._replace(**changed), f)] for f in fields}
        if custom.changes:
            details[Field.CUSTOM_FIELDS.value] = [
                {key: pair[side] for key, pair in custom.changes.items()} for side in (0, 1)
            ]
        # Nobody said the parts: they go on following the name.
        keys = [*(fields - split.keys()), *(PREFIX + key for key in custom.changes)]
        return ProfileChange(keys, changed, details, "needs" in changed or bool(custom.changes))

    def refind(self, row: CustomerRow, change: ProfileChange) -> None:
        """Store by what lists find the customer after this change."""
        if change.is_found_anew:
            catalogue = self._context.standards.catalogue.value
            new = row._replace(**change.values)
            self._context.customers.change_values(filter_rows(catalogue, row), filter_rows(catalogue, new))

    def origins(self, row: CustomerRow, keys: Sequence[str]) -> dict[str, Origin | None]:
        """Where these values come from now. Raises FieldConfirmed."""
        known = provenance_of(row)
        if not self._context.is_person:
            held = sorted(key for key in keys if known.of(key).is_confirmed(self._uow.now))
            if held:
                raise FieldConfirmed(issues=[issue(f"#/{key.replace('.', '/')}", FieldConfirmed.code) for key in held])
        origins: dict[str, Origin | None] = dict.fromkeys(keys, self._context.origin())
        if Field.SOURCE in keys and not known.is_told(WHOLE):
            origins[WHOLE] = known.whole
        return origins

    def _columns(self, record: CustomerRecord, sent: dict[str, Any]) -> dict[str, Any]:
        row = record.row
        values = {name: value for name, value in sent.items() if name not in _APART}
        if "needs" in values:
            values["needs"] = sorted(set(values["needs"])) or None
        check_entries(
            self._context.standards.catalogue.value,
            values.get("stage") if values.get("stage") != row.stage else None,
            values.get("category") if values.get("category") != row.category else None,
            [need for need in values.get("needs") or () if need not in (row.needs or ())],
        )
        if "birthday" in sent:
            birthday: tuple[str | None, str | None, bool] = (None, None, False)
            if sent["birthday"] is not None:
                birthday = birthday_of(sent["birthday"], self._uow.now.date())
            names = ("birthday", "birthday_calendar", "birthday_leap_month")
            values.update(zip(names, birthday, strict=True))
        if "tax_id" in sent:
            country = record.addresses[0].country if record.addresses else self._context.country
            values["tax_id"] = tax_id_of(sent["tax_id"], country)
        return values

    @staticmethod
    def _texts(row: CustomerRow, sent: dict[str, Any]) -> dict[str, Any]:
        texts = {name: value for name, value in sent.items() if name in TEXTS}
        parted = texts.keys() & _PARTS and "display_name" not in texts
        if parted and row.spans is None and row.display_name == composed(row.family_name, row.given_name):
            # A display name that was made of the parts follows them.
            family = texts.get("family_name", row.family_name)
            given = texts.get("given_name", row.given_name)
            texts["display_name"] = composed(family, given) or row.display_name
        return texts

    async def archive(
        self, customer_id: UUID, if_match: frozenset[int] | None = None, *, at: datetime | None = None
    ) -> CustomerRecord:
        """Take a customer out of everyday use; its numbers and external ids are free for others.

        `at` is since when, where a restore is undone.
        """
        context = self._context
        record = await context.live(customer_id, if_match)
        row = context.customers.change(record.row, {"archived_at": at or self._uow.now})
        context.phones.release_all(row.id)
        context.customers.set_keys_live(row.id, live=False)
        self._uow.emit(CustomerArchived(row.id, row.revision, row.id))
        self._uow.audit(Note("customer.archived", "customer", row.id, row.id, ["archived_at"]))
        context.met_again(record, record._replace(row=row))
        return record._replace(row=row)

    async def restore(self, customer_id: UUID, if_match: frozenset[int] | None = None) -> CustomerRecord:
        """Bring an archived customer back. PhoneTaken and ExternalIdTaken show at commit."""
        context = self._context
        record = await context.customers.current(customer_id)
        check_revision(if_match, record.row.revision, context.etag(record))
        if record.row.archived_at is None:
            raise CustomerNotArchived
        row = context.customers.change(record.row, {"archived_at": None})
        dek = context.dek(record)
        for phone in record.phones:
            context.phones.reclaim(phone, dek)
        context.customers.set_keys_live(row.id, live=True)
        context.on_external_id_taken(record.external_ids)
        self._uow.emit(CustomerRestored(row.id, row.revision, row.id))
        self._uow.audit(Note("customer.restored", "customer", row.id, row.id, ["archived_at"]))
        context.met_again(record, record._replace(row=row))
        return record._replace(row=row)


def _split_anew(row: CustomerRow, sent: Mapping[str, Any]) -> dict[str, str | None]:
    """The parts of a new display name, where the hub had split them off the old one and nobody has given any since."""
    name = sent.get("display_name")
    if not name or not _PARTS.isdisjoint(sent) or row.kind != CustomerKind.PERSON:
        return {}
    known = provenance_of(row)
    if any(map(known.is_told, _PARTS)) or (row.family_name, row.given_name) != split_name(row.display_name):
        return {}
    family, given = split_name(name)
    return {"family_name": family, "given_name": given}


def shown_member(row: CustomerRow, field: str) -> Any:
    """What an audit entry says of a member; numbers in texts stay hidden."""
    if field == Field.BIRTHDAY:
        return row.birthday and {"date": row.birthday, "calendar": row.birthday_calendar}
    value = getattr(row, field)
    if field in TEXTS and value is not None:
        return render_placeholders(value, ())
    return to_text(REFERENCES[field], value) if isinstance(value, UUID) else value
