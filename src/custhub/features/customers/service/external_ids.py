"""External ids: what partners call a customer."""

from __future__ import annotations

from uuid import UUID

from custhub.features.customers.errors import ExternalIdNotFound, ExternalIdTaken, TooManyParts
from custhub.features.customers.models import ExternalIdRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.bodies import ExternalIdCreate
from custhub.features.customers.service.context import CustomerContext
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field

MAX_EXTERNAL_IDS = 100


class CustomerExternalIds:
    """Use cases of the external ids of one customer."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._who = context.who

    async def add(self, customer_id: UUID, body: ExternalIdCreate) -> ExternalIdRow:
        """Give a customer one more external id. ExternalIdTaken by another shows at commit."""
        context = self._context
        self._who.require_writable({Field.EXTERNAL_IDS})
        record = await context.live(customer_id)
        if any((row.source, row.external_id) == (body.source, body.id) for row in record.external_ids):
            raise ExternalIdTaken(members={"existing_id": to_text(Prefix.CUSTOMER, record.row.id)})
        if len(record.external_ids) >= MAX_EXTERNAL_IDS:
            raise TooManyParts
        row = context.part_builder(record).external_id(body)
        context.customers.add_parts([row])
        context.on_external_id_taken([row])
        self._changed(record, None, row)
        return row

    async def remove(self, customer_id: UUID, external_id_id: UUID) -> None:
        """Take an external id from a customer."""
        self._who.require_writable({Field.EXTERNAL_IDS})
        record = await self._context.live(customer_id)
        row = next((row for row in record.external_ids if row.id == external_id_id), None)
        if row is None:
            raise ExternalIdNotFound
        self._context.customers.remove_part(row)
        self._changed(record, row, None)

    def _changed(self, record: CustomerRecord, old: ExternalIdRow | None, new: ExternalIdRow | None) -> None:
        told = [row and {"source": row.source, "id": row.external_id} for row in (old, new)]
        action = "external_id.added" if old is None else "external_id.removed"
        changed = self._context.changed(
            record, [Field.EXTERNAL_IDS.value], details={Field.EXTERNAL_IDS.value: told}, action=action
        )
        kept = tuple(row for row in record.external_ids if row != old)
        after = changed._replace(external_ids=kept if new is None else (*kept, new))
        self._context.found_again(changed, after)
        self._context.met_again(record, after)
