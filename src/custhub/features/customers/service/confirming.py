"""A person vouches for what fields of a customer say: machines do not change them until that expires."""

from __future__ import annotations

from uuid import UUID

from custhub.features.customers.errors import FieldNotConfirmable, PersonRequired
from custhub.features.customers.events import CustomerConfirmed
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.confirmations import ConfirmationCreate
from custhub.features.customers.schemas.extras import SCALARS
from custhub.features.customers.service.context import CustomerContext, provenance_of
from custhub.features.customers.service.custom import PREFIX
from custhub.http.issues import issue
from custhub.kit.uow import Note
from custhub.security.fields import Field


class CustomerConfirmations:
    """Use cases of confirmations."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context

    async def confirm(
        self, customer_id: UUID, body: ConfirmationCreate, if_match: frozenset[int] | None
    ) -> CustomerRecord:
        """Confirm fields as they are now. Raises PersonRequired, FieldNotConfirmable, FieldNotWritable."""
        context, uow = self._context, self._context.uow
        if not context.is_person:
            raise PersonRequired
        record = await context.live(customer_id, if_match)
        names = sorted(set(body.fields))
        unknown = [i for i, name in enumerate(body.fields) if not self._is_field(name)]
        if unknown:
            raise FieldNotConfirmable(issues=[issue(f"#/fields/{i}", FieldNotConfirmable.code) for i in unknown])
        context.who.require_writable({Field.CUSTOM_FIELDS if name.startswith(PREFIX) else name for name in names})
        origin = context.origin()
        if body.expires_at is not None:
            origin = origin._replace(confirmed_until=body.expires_at)
        provenance = provenance_of(record.row).with_origins(dict.fromkeys(names, origin))
        row = context.customers.change(record.row, {"provenance": provenance})
        uow.emit(CustomerConfirmed(row.id, row.revision, row.id, tuple(names)))
        uow.audit(Note("customer.confirmed", "customer", row.id, row.id, names))
        return record._replace(row=row)

    def _is_field(self, name: str) -> bool:
        if name.startswith(PREFIX):
            return name.removeprefix(PREFIX) in self._context.access.writable
        return name in SCALARS
