"""What every use case of customers works with: one caller, one unit of work."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.accounts.queries import reachable_owner, reachable_team
from custhub.features.customers.errors import CustomerArchived, ExternalIdTaken, OwnerUnknown, TeamUnknown
from custhub.features.customers.events import CustomerUpdated
from custhub.features.customers.models import EXTERNAL_ID, CustomerRow, ExternalIdRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import held_keys, held_numbers, reachable_among
from custhub.features.customers.repository import CustomerRepository, change_tokens
from custhub.features.customers.rules import tokens_of
from custhub.features.customers.rules.provenance import PERSON, SELF_SERVICE, Origin, Provenance, Rule
from custhub.features.customers.schemas.extras import completeness_view, provenance_view
from custhub.features.customers.schemas.views import can_view, customer_view, etag_of
from custhub.features.customers.service.custom import CustomFields
from custhub.features.customers.service.parts import PartBuilder
from custhub.features.customers.service.standards import RefusedChange, Standards
from custhub.features.fields.rules import Access
from custhub.features.phones.errors import PhoneTaken
from custhub.features.phones.rules import MaskStyle
from custhub.features.phones.service import PhoneQuotas, PhoneService
from custhub.kit.errors import FieldIssue
from custhub.kit.ids import Prefix, to_text
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.settings import Settings

_CALLERS = {"user": Prefix.USER, "customer": Prefix.CUSTOMER}
#: What of a customer and of its addresses is compared with others.
_MATCHING = (
    "kind", "display_name", "company_name", "spans", "birthday", "birthday_calendar", "birthday_leap_month",
    "archived_at", "merged_into",
)  # fmt: skip
_PLACE = ("country", "province", "city", "district", "street", "postcode", "spans")
#: Columns of a customer that search finds it by.
_NAMING = frozenset({"kind", "display_name", "given_name", "family_name", "company_name", "tax_id", "name_key"})


class CustomerContext:
    """The caller, its unit of work, and the repository and numbers it reaches through them."""

    def __init__(
        self, uow: UnitOfWork, who: Principal, keys: LiveKeys, settings: Settings, standards: Standards
    ) -> None:
        self.uow = uow
        self.standards = standards
        self.who = who
        self.keys = keys
        self.country = settings.default_country
        self.customers = CustomerRepository(uow, who.reach)
        self.phones = PhoneService(uow, keys, settings.default_country, self.explain_taken)
        self.quotas = PhoneQuotas(uow, who, settings)
        self._caller: str | None = None

    def dek(self, record: CustomerRecord) -> Dek:
        """The customer's data key. Raises IntegrityError when it is gone."""
        if record.wrapped_dek is None or record.dek_version is None:
            raise IntegrityError
        return self.keys.cipher.unwrap(record.row.id, record.dek_version, record.wrapped_dek)

    def readable_dek(self, record: CustomerRecord) -> Dek | None:
        """The data key for showing masks; None where it is gone, then masks show that (S-16)."""
        try:
            return self.dek(record)
        except IntegrityError:
            return None

    @property
    def access(self) -> Access:
        """The custom fields that this caller sees and writes."""
        who = self.who
        return self.standards.catalogue.value.access_of(None if who.kind in ("operator", "customer") else who.roles)

    @property
    def custom(self) -> CustomFields:
        """Reads and writes custom fields as this caller may."""
        return CustomFields(self.standards.catalogue.value, self.access, self.country)

    @property
    def mask_style(self) -> MaskStyle:
        """How this caller sees numbers."""
        return MaskStyle(self.who.policy.phone_mask)

    def etag(self, record: CustomerRecord, asked: Collection[str] = ()) -> str:
        """The entity tag this caller sees; `asked` are the members it asked for by `include`."""
        digest = self.who.policy.digest
        if record.row.custom is not None:
            digest = digest[:4] + self.access.digest[:4]
        if asked:
            # What is complete depends on what is declared, and by when a confirmation ends nothing here changes.
            told = [digest, *sorted(set(asked)), self.standards.catalogue.value.digest]
            digest = hashlib.sha256(repr(told).encode()).hexdigest()[:8]
        return etag_of(record.row.revision, digest)

    def extras(self, record: CustomerRecord, asked: Collection[str]) -> dict[str, Any]:
        """The members that a call asks for by `include`."""
        found: dict[str, Any] = {}
        policy = self.who.policy
        if "can" in asked:
            found["can"] = can_view(record, self.who)
        if "provenance" in asked:
            found["provenance"] = provenance_view(record, policy, self.access)
        if "completeness" in asked:
            catalogue = self.standards.catalogue.value
            found["completeness"] = completeness_view(record, policy, self.access, catalogue)
        return found

    def show(self, record: CustomerRecord, **more: Any) -> dict[str, Any]:
        """The body of a customer as this caller sees it; `more` are members that only some calls ask for."""
        return customer_view(record, self.readable_dek(record), self.who.policy, self.access, **more)

    def part_builder(self, record: CustomerRecord) -> PartBuilder:
        """Builds parts of this customer. Raises IntegrityError when its data key is gone."""
        return self.builder_of(record.row.id, self.dek(record))

    def builder_of(self, customer_id: UUID, dek: Dek) -> PartBuilder:
        """Builds parts of a customer whose data key is at hand."""
        return PartBuilder(customer_id, dek, self.country, self.uow.now, self.caller)

    @property
    def caller(self) -> str:
        """Who is calling, as customers keep it: `user:usr_...`."""
        if self._caller is None:
            who = self.who
            self._caller = f"{who.kind}:{to_text(_CALLERS.get(who.kind, Prefix.CLIENT), who.id)}"
        return self._caller

    @property
    def is_person(self) -> bool:
        """Whether somebody says this, not a program."""
        return self.who.kind in ("user", "operator", "customer")

    def origin(self) -> Origin:
        """Where a value comes from that this caller sends: a person's word outranks machines for a while."""
        now = self.uow.now
        if self.is_person:
            source = SELF_SERVICE if self.who.kind == "customer" else PERSON
            return Origin(source, now, Rule.CONFIRMED, self.caller, now + self.standards.confirmed_for)
        granted = self.who.reach.params.get("reach_sources") or ("api",)
        return Origin(granted[0] if len(granted) == 1 else "api", now, Rule.CHANGED)

    def origin_of_part(self, part_id: str) -> Origin | None:
        """The same of a part that this caller adds or changes; None leaves it to when the part came."""
        return self.origin()

    async def review(self, record: CustomerRecord, refused: Sequence[RefusedChange]) -> list[UUID]:
        """Make review items of values that a machine sent and that do not stand; the ids of new ones."""
        if not refused:
            return []
        return await self.standards.refusals.keep(self.uow, record.row.id, self.dek(record), refused)

    async def live(self, customer_id: UUID, if_match: frozenset[int] | None = None) -> CustomerRecord:
        """A customer to change; of one that was merged, who it became, whose revision counts then.

        Raises CustomerNotFound, CustomerArchived, StaleRevision.
        """
        record = await self.customers.current(customer_id)
        check_revision(if_match, record.row.revision, self.etag(record))
        if record.row.archived_at is not None:
            raise CustomerArchived
        return record

    def changed(
        self,
        record: CustomerRecord,
        fields: Sequence[str],
        values: Mapping[str, Any] | None = None,
        details: Mapping[str, Any] | None = None,
        action: str = "customer.updated",
        reason: str | None = None,
        origins: Mapping[str, Origin | None] | None = None,
    ) -> CustomerRecord:
        """Store the next revision, tell others and leave an audit entry with what changed, sealed.

        `origins` say where values and parts come from now; None where a part is gone. Who gives or takes e-mails or
        external ids calls `found_again` with the record that comes of it; who gives or takes any part, `met_again`.
        """
        self.note(record, fields, details, action, reason)
        new = self.revise(record, fields, values, origins)
        if values and not _NAMING.isdisjoint(values):
            self.found_again(record, new)
        if values:
            self.met_again(record, new)
        return new

    def revise(
        self,
        record: CustomerRecord,
        fields: Sequence[str],
        values: Mapping[str, Any] | None = None,
        origins: Mapping[str, Origin | None] | None = None,
    ) -> CustomerRecord:
        """Store the next revision and tell others; once in a unit of work. Search is left to the caller."""
        values = values or {}
        if origins:
            values = {**values, "provenance": provenance_of(record.row).with_origins(origins)}
        row = self.customers.change(record.row, values)
        self.uow.emit(CustomerUpdated(row.id, row.revision, row.id, tuple(fields)))
        return record._replace(row=row)

    def found_again(self, old: CustomerRecord, new: CustomerRecord) -> None:
        """Let search find a customer by what it is called now."""
        before = tokens_of(old.row, old.emails, old.external_ids)
        change_tokens(self.uow, [(old.row.id, before, tokens_of(new.row, new.emails, new.external_ids))])

    def met_again(self, old: CustomerRecord, new: CustomerRecord) -> None:
        """Let those meet a customer who may be the same person by what it is now; once in a unit of work."""
        if _matched(old) != _matched(new):
            self.standards.matching.change(self.uow, old, new)

    def note(
        self,
        record: CustomerRecord,
        fields: Sequence[str],
        details: Mapping[str, Any] | None = None,
        action: str = "customer.updated",
        reason: str | None = None,
    ) -> None:
        """Leave an audit entry with what changed, sealed."""
        own = record.row.id
        self.uow.audit(
            Note(action, "customer", own, own, list(fields), reason, details=details, sealer=self.dek(record))
        )

    async def check_placement(self, owner_id: UUID | None, team_id: UUID | None) -> None:
        """Raise OwnerUnknown or TeamUnknown for an owner or team of a body that is out of reach (S-64)."""
        if owner_id is not None and not await reachable_owner(self.uow, self.who.reach, owner_id):
            raise OwnerUnknown(issues=[FieldIssue("#/owner_id", OwnerUnknown.code)])
        if team_id is not None and not await reachable_team(self.uow, self.who.reach, team_id):
            raise TeamUnknown(issues=[FieldIssue("#/team_id", TeamUnknown.code)])

    async def explain_taken(self, indexes: Sequence[bytes]) -> PhoneTaken:
        """Name the holder within reach; a refusal for one out of reach is a lookup, counted as one (S-14)."""
        reader, reach = self.uow.database, self.who.reach
        held = {h.phone_id: h for h in await held_numbers(reader, indexes)}
        known = await reachable_among(reader, reach, {h.customer_id for h in held.values()})
        if known:
            return PhoneTaken(members=named(min(known)))
        for number in held.values():
            async with self.quotas.one("lookup", number.exact_index, number.last4_index):
                pass
        return PhoneTaken()

    def on_external_id_taken(self, rows: Sequence[ExternalIdRow]) -> None:
        """Say whose key a refused one is."""
        if not rows:
            return

        async def explain() -> ExternalIdTaken:
            reader, own = self.uow.database, rows[0].customer_id
            held = await held_keys(reader, ((row.source, row.external_id) for row in rows))
            known = await reachable_among(reader, self.who.reach, set(held.values()) - {own})
            return ExternalIdTaken(members=named(min(known, default=None)))

        self.uow.on_violation(EXTERNAL_ID, explain)


def _matched(record: CustomerRecord) -> tuple[Any, ...]:
    """What of a customer is compared with others."""
    row = record.row
    return (
        *(getattr(row, name) for name in _MATCHING),
        {(phone.id, phone.e164.blob, phone.kind) for phone in record.phones},
        {email.email for email in record.emails},
        {tuple(getattr(address, name) for name in _PLACE) for address in record.addresses},
        {(key.source, key.external_id) for key in record.external_ids},
    )


def provenance_of(row: CustomerRow) -> Provenance:
    """Where the values of a customer come from."""
    return Provenance(row.provenance, row.source, row.created_at)


def named(holder: UUID | None) -> dict[str, object]:
    """What a conflict says of the other customer: nothing of one that the caller may not reach (S-13)."""
    return {} if holder is None else {"existing_id": to_text(Prefix.CUSTOMER, holder)}
