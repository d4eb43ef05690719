"""What every use case of customers works with: one caller, one unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.accounts.queries import reachable_owner, reachable_team
from custhub.features.customers.errors import CustomerArchived, ExternalIdTaken, OwnerUnknown, TeamUnknown
from custhub.features.customers.events import CustomerUpdated
from custhub.features.customers.models import EXTERNAL_ID, ExternalIdRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import held_keys, held_numbers, reachable_among
from custhub.features.customers.repository import CustomerRepository
from custhub.features.customers.schemas.views import etag_of
from custhub.features.customers.service.parts import PartBuilder
from custhub.features.phones.errors import PhoneTaken
from custhub.features.phones.rules import MaskStyle
from custhub.features.phones.service import PhoneQuotas, PhoneService
from custhub.kit.errors import FieldIssue
from custhub.kit.ids import Prefix, to_text
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.principal import Principal
from custhub.settings import Settings


class CustomerContext:
    """The caller, its unit of work, and the repository and numbers it reaches through them."""

    def __init__(self, uow: UnitOfWork, who: Principal, keys: LiveKeys, settings: Settings) -> None:
        self.uow = uow
        self.who = who
        self.keys = keys
        self.country = settings.default_country
        self.customers = CustomerRepository(uow, who.reach)
        self.phones = PhoneService(uow, keys, settings.default_country, self._explain_taken)
        self.quotas = PhoneQuotas(uow, who, settings)

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
    def mask_style(self) -> MaskStyle:
        """How this caller sees numbers."""
        return MaskStyle(self.who.policy.phone_mask)

    def etag(self, record: CustomerRecord) -> str:
        """The entity tag this caller sees."""
        return etag_of(record.row.revision, self.who.policy.digest)

    def part_builder(self, record: CustomerRecord) -> PartBuilder:
        """Builds parts of this customer. Raises IntegrityError when its data key is gone."""
        return self.builder_of(record.row.id, self.dek(record))

    def builder_of(self, customer_id: UUID, dek: Dek) -> PartBuilder:
        """Builds parts of a customer whose data key is at hand."""
        who = self.who
        added_by = f"{who.kind}:{to_text(Prefix.USER if who.kind == 'user' else Prefix.CLIENT, who.id)}"
        return PartBuilder(customer_id, dek, self.country, self.uow.now, added_by)

    async def live(self, customer_id: UUID, if_match: frozenset[int] | None = None) -> CustomerRecord:
        """A customer to change. Raises CustomerNotFound, CustomerArchived, StaleRevision."""
        record = await self.customers.get(customer_id)
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
    ) -> CustomerRecord:
        """Store the next revision, tell others and leave an audit entry with what changed, sealed."""
        row = self.customers.change(record.row, values or {})
        self.uow.emit(CustomerUpdated(row.id, row.revision, row.id, tuple(fields)))
        self.uow.audit(
            Note(action, "customer", row.id, row.id, list(fields), reason, details=details, sealer=self.dek(record))
        )
        return record._replace(row=row)

    async def check_placement(self, owner_id: UUID | None, team_id: UUID | None) -> None:
        """Raise OwnerUnknown or TeamUnknown for an owner or team of a body that is out of reach (S-64)."""
        if owner_id is not None and not await reachable_owner(self.uow, self.who.reach, owner_id):
            raise OwnerUnknown(issues=[FieldIssue("#/owner_id", OwnerUnknown.code)])
        if team_id is not None and not await reachable_team(self.uow, self.who.reach, team_id):
            raise TeamUnknown(issues=[FieldIssue("#/team_id", TeamUnknown.code)])

    async def _explain_taken(self, indexes: Sequence[bytes]) -> PhoneTaken:
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


def named(holder: UUID | None) -> dict[str, object]:
    """What a conflict says of the other customer: nothing of one that the caller may not reach (S-13)."""
    return {} if holder is None else {"existing_id": to_text(Prefix.CUSTOMER, holder)}
