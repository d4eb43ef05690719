"""Numbers and addresses follow the suppression list: whether they may be contacted stands with them.

The list itself counts from the moment that an entry is there: whatever is stored or sent asks it. What is stored
already follows a few customers at a time, those beyond the first few by a job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.customers.events import CustomerUpdated
from custhub.features.customers.models import EmailRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.points import held_back, holders_of_mailbox, holders_of_number
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.repository import CustomerRepository
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.service import hold_back
from custhub.features.phones.vault import open_number
from custhub.features.suppressions.queries import suppression_by_id
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace
from custhub.security.fields import Field
from custhub.security.reach import ALL_ROWS

KIND: Final = "contact_point_marking"
#: Customers of one unit of work.
AT_ONCE: Final = 50
_PAUSE_SECONDS: Final = 0.01
_IsMeant = Callable[[PhoneRow | EmailRow], bool]


class CustomerContactPoints:
    """All numbers and addresses of customers, of whomever; each customer that changes is told of."""

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def suppress_number(self, uow: UnitOfWork, number: PhoneNumber, suppression_id: UUID) -> None:
        """This number may not be contacted from now on."""
        if await self._number(uow, number.equivalence_key, suppression_id):
            _go_on(uow, suppression_id, None)

    async def suppress_mailbox(self, uow: UnitOfWork, folded: str, suppression_id: UUID) -> None:
        """The same for an address."""
        if await self._mailbox(uow, folded, suppression_id):
            _go_on(uow, suppression_id, None)

    async def release(self, uow: UnitOfWork, suppression_id: UUID, successor: UUID | None) -> None:
        """What this entry held back is held back by its successor, or by nothing any more."""
        if await self._released(uow, suppression_id, successor):
            _go_on(uow, suppression_id, successor)

    async def go_on(self, work: JobWork) -> None:
        """Mark the rest, as the entry says now: one that is lifted holds back nothing more."""
        suppression_id = UUID(hex=work.args["suppression_id"])
        successor = work.args["successor"] and UUID(hex=work.args["successor"])
        while True:
            await work.check()
            uow = work.unit_of_work()
            # The entry is locked: it is not lifted while it goes on.
            uow.locking = True
            try:
                entry = await suppression_by_id(uow, suppression_id, locking=True)
                if entry is not None and entry.lifted_at is not None:
                    heir = await suppression_by_id(uow, successor, locking=True) if successor else None
                    is_live = heir is not None and heir.lifted_at is None
                    more = await self._released(uow, suppression_id, successor if is_live else None)
                else:
                    more = entry is not None and await self._rest(uow, suppression_id)
                await work.batch(uow, processed=AT_ONCE if more else 0)
            except LostRace:
                # Somebody changed one of them: they are read again.
                await uow.rollback()
                more = True
            except BaseException:
                await uow.rollback()
                raise
            if not more:
                return
            await work.pause(_PAUSE_SECONDS)

    async def _rest(self, uow: UnitOfWork, suppression_id: UUID) -> bool:
        """The next ones with the same number or address as one that is marked."""
        for record in (await whole_customers(uow, await held_back(uow, suppression_id, 1))).values():
            for email in record.emails:
                if email.suppressed_by == suppression_id:
                    return await self._mailbox(uow, email.folded, suppression_id)
            for phone in record.phones:
                if phone.suppressed_by == suppression_id:
                    return await self._number(uow, self._key_of(record, phone), suppression_id)
        return False

    def _key_of(self, record: CustomerRecord, phone: PhoneRow) -> str:
        if record.wrapped_dek is None or record.dek_version is None:
            raise IntegrityError
        dek = self._keys.cipher.unwrap(record.row.id, record.dek_version, record.wrapped_dek)
        return PhoneNumber.parse(open_number(dek, phone), phone.country).equivalence_key

    async def _number(self, uow: UnitOfWork, equivalence_key: str, suppression_id: UUID) -> bool:
        keys = self._keys
        indexes = {keys.indexes.exact(equivalence_key, kid) for kid in keys.claim_kids}
        holders = await holders_of_number(uow, sorted(indexes), AT_ONCE)

        def is_meant(row: PhoneRow | EmailRow) -> bool:
            return isinstance(row, PhoneRow) and row.suppressed_by is None and bytes(row.exact_index) in indexes

        return await self._mark(uow, holders, is_meant, suppression_id)

    async def _mailbox(self, uow: UnitOfWork, folded: str, suppression_id: UUID) -> bool:
        def is_meant(row: PhoneRow | EmailRow) -> bool:
            return isinstance(row, EmailRow) and row.suppressed_by is None and row.folded == folded

        return await self._mark(uow, await holders_of_mailbox(uow, folded, AT_ONCE), is_meant, suppression_id)

    async def _released(self, uow: UnitOfWork, suppression_id: UUID, successor: UUID | None) -> bool:
        holders = await held_back(uow, suppression_id, AT_ONCE)
        return await self._mark(uow, holders, lambda row: row.suppressed_by == suppression_id, successor)

    async def _mark(self, uow: UnitOfWork, holders: set[UUID], is_meant: _IsMeant, mark: UUID | None) -> bool:
        """Mark what is meant of these customers; whether there may be more of them."""
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
        return len(holders) == AT_ONCE


def _go_on(uow: UnitOfWork, suppression_id: UUID, successor: UUID | None) -> None:
    args = {"suppression_id": suppression_id.hex, "successor": successor and successor.hex}
    enqueue(uow, KIND, args, queue=Queue.MAINTENANCE)
