"""Numbers and addresses follow the suppression list: whether they may be contacted stands with them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from custhub.crypto.live import LiveKeys
from custhub.features.customers.events import CustomerUpdated
from custhub.features.customers.models import EmailRow
from custhub.features.customers.queries.points import held_back, holders_of_mailbox, holders_of_number
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.repository import CustomerRepository
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.service import hold_back
from custhub.kit.uow import UnitOfWork
from custhub.security.fields import Field
from custhub.security.reach import ALL_ROWS


class CustomerContactPoints:
    """All numbers and addresses of customers, of whomever; each customer that changes is told of."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def suppress_number(self, uow: UnitOfWork, number: PhoneNumber, suppression_id: UUID) -> None:
        """This number may not be contacted from now on."""
        keys = self._keys
        indexes = {keys.indexes.exact(number.equivalence_key, kid) for kid in keys.claim_kids}
        holders = await holders_of_number(uow, sorted(indexes))

        def is_meant(row: PhoneRow | EmailRow) -> bool:
            return isinstance(row, PhoneRow) and row.suppressed_by is None and bytes(row.exact_index) in indexes

        await self._mark(uow, holders, is_meant, suppression_id)

    async def suppress_mailbox(self, uow: UnitOfWork, folded: str, suppression_id: UUID) -> None:
        """The same for an address."""

        def is_meant(row: PhoneRow | EmailRow) -> bool:
            return isinstance(row, EmailRow) and row.suppressed_by is None and row.folded == folded

        await self._mark(uow, await holders_of_mailbox(uow, folded), is_meant, suppression_id)

    async def release(self, uow: UnitOfWork, suppression_id: UUID, successor: UUID | None) -> None:
        """What this entry held back is held back by its successor, or by nothing any more."""
        holders = await held_back(uow, suppression_id)
        await self._mark(uow, holders, lambda row: row.suppressed_by == suppression_id, successor)

    async def _mark(
        self, uow: UnitOfWork, holders: set[UUID], is_meant: Callable[[PhoneRow | EmailRow], bool], mark: UUID | None
    ) -> None:
        customers = CustomerRepository(uow, ALL_ROWS)
        for record in (await whole_customers(uow, holders)).values():
            phones, emails = [p for p in record.phones if is_meant(p)], [e for e in record.emails if is_meant(e)]
            for phone in phones:
                hold_back(uow, phone, mark)
            for email in emails:
                new = email._replace(suppressed_by=mark, updated_at=uow.now, revision=email.revision + 1)
                customers.change_part(email, new)
            fields = [field for field, rows in ((Field.EMAILS, emails), (Field.PHONES, phones)) if rows]
            if fields:
                row = customers.change(record.row, {})
                uow.emit(CustomerUpdated(row.id, row.revision, row.id, tuple(field.value for field in fields)))
