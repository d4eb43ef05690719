"""The queue of customers to call: undertaking to call some, and what the call came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneStatus, VerificationResult
from custhub.features.quality.queries.verifications import DueRecord, free_to_claim, held_by, verification_of
from custhub.features.quality.repository import VerificationRepository
from custhub.features.quality.rules import next_attempt
from custhub.features.quality.schemas.verification import VerificationClaim, VerificationRelease
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.security.fields import Field

_USABLE = (PhoneStatus.ACTIVE, PhoneStatus.UNKNOWN)
_FREED: dict[str, Any] = {"claimed_by": None, "claimed_until": None}


async def claim_due(context: CustomerContext, body: VerificationClaim) -> Sequence[DueRecord]:
    """Give the caller the next customers to call; nobody else gets them meanwhile. Raises FieldHidden."""
    context.who.require_readable(Field.PHONES)
    uow = context.uow
    # Read in the transaction that writes: what is read is locked, and of two who ask no one gets the same.
    uow.locking = True
    found = await free_to_claim(uow, context.who.reach, uow.now, body.limit)
    until = uow.now + timedelta(minutes=body.minutes)
    queue = VerificationRepository(uow)
    taken = [
        record._replace(row=queue.change(record.row, {"claimed_by": context.caller, "claimed_until": until}))
        for record in found
    ]
    if taken:
        names = [to_text(Prefix.CUSTOMER, record.row.customer_id) for record in taken]
        uow.audit(Note("verification.claimed", "verification", None, fields=names, reason=until.isoformat()))
    return taken


async def release(context: CustomerContext, body: VerificationRelease) -> Sequence[DueRecord]:
    """Give back what the caller has undertaken to call; those that were given back. Raises FieldHidden."""
    context.who.require_readable(Field.PHONES)
    uow = context.uow
    uow.locking = True
    found = await held_by(uow, context.who.reach, context.caller, uow.now, list(dict.fromkeys(body.customer_ids)))
    queue = VerificationRepository(uow)
    given = [record._replace(row=queue.change(record.row, _FREED)) for record in found]
    if given:
        names = [to_text(Prefix.CUSTOMER, record.row.customer_id) for record in given]
        uow.audit(Note("verification.released", "verification", None, fields=names))
    return given


class VerificationKeeper:
    """Moves customers in the queue as attempts to reach them are recorded."""

    async def recorded(
        self, uow: UnitOfWork, record: CustomerRecord, phone: PhoneRow, result: VerificationResult
    ) -> None:
        """Settle the matter, try another number, or try again later; whoever undertook the call is done with it.

        `record` has the numbers as they are now.
        """
        row = await verification_of(uow, record.row.id)
        if row is None:
            return
        queue = VerificationRepository(uow)
        again = next_attempt(result, row.attempts, uow.now)
        attempt = {"last_result": result.value, "last_at": uow.now, "attempts": row.attempts + 1, **_FREED}
        if again is not None:
            queue.change(row, {"due_at": again, **attempt})
            return
        others = [] if result.confirms else _callable(record.phones, phone)
        if others:
            queue.change(row, {"phone_id": others[0].id, "due_at": uow.now, **attempt})
        else:
            queue.remove(row.customer_id)


def _callable(phones: Sequence[PhoneRow], tried: PhoneRow) -> list[PhoneRow]:
    found = [
        phone for phone in phones if phone.id != tried.id and phone.status in _USABLE and phone.suppressed_by is None
    ]
    return sorted(found, key=lambda phone: (not phone.is_primary, phone.id.hex))
