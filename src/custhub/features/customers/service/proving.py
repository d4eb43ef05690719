"""Numbers and addresses that the customer itself has proven to be its own, by a code that was sent there."""

from __future__ import annotations

from typing import Any

from custhub.crypto.cipher import Dek
from custhub.features.customers.errors import TooManyParts
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.claims import held_numbers
from custhub.features.customers.repository import lost_race
from custhub.features.customers.schemas.bodies import EmailCreate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.emails import CustomerEmails
from custhub.features.customers.service.keeping import told_of, with_one_primary
from custhub.features.customers.service.phones import MAX_PHONES, told_of_phone
from custhub.features.phones.events import ContactPointVerified
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneNumber, PhoneStatus, VerificationResult, holds_claim
from custhub.features.phones.schemas import PhoneCreate
from custhub.features.phones.service import CLAIM
from custhub.features.phones.vault import open_number
from custhub.features.suppressions.service import screen
from custhub.kit.ids import Prefix, to_text
from custhub.security.fields import Field


class ProvenPoints:
    """Stores what was proven as the primary number or address; one change of one customer in a unit of work."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._uow = context.uow

    async def is_taken(self, record: CustomerRecord, number: PhoneNumber) -> bool:
        """Whether somebody else has this number for its own (S-13)."""
        indexes, kids = self._context.keys.indexes, self._context.keys.claim_kids
        held = await held_numbers(self._uow, [indexes.exact(number.equivalence_key, kid) for kid in kids])
        return any(found.customer_id != record.row.id for found in held)

    async def phone(self, record: CustomerRecord, number: PhoneNumber, reason: str) -> CustomerRecord:
        """The customer's number from now on; the one in whose place it comes is `changed`, unless several share it.

        Raises Suppressed, TooManyParts, and LostRace at commit when a rival claims the number.
        """
        context, uow = self._context, self._uow
        context.who.require_writable({Field.PHONES})
        dek, now = context.dek(record), uow.now
        proven: dict[str, Any] = {
            "is_primary": True,
            "status": PhoneStatus.ACTIVE.value,
            "verified_at": now,
            "checked_at": now,
        }
        old = next((row for row in record.phones if self._is(row, number, dek)), None)
        found = await screen(uow, context.keys, [number], ())
        if old is None:
            if len(record.phones) >= MAX_PHONES:
                raise TooManyParts
            row = context.phones.build(
                record.row.id, dek, number, PhoneCreate(number=number.canonical), is_primary=True
            )
            row = row._replace(**proven, suppressed_by=found.number(number, "#/phones"))
            context.phones.store(row, number)
        else:
            found.number(number, "#/phones")
            row = self._changed(old, proven, dek)
        others = [self._replaced(other, dek) for other in record.phones if other.id != row.id]
        uow.on_violation(CLAIM, lost_race)
        told = [old and told_of_phone(number.e164, old), told_of_phone(number.e164, row)]
        new = context.changed(
            record,
            [Field.PHONES.value],
            details={Field.PHONES.value: told},
            action="phone.added" if old is None else "phone.verified",
            reason=reason,
            origins={to_text(Prefix.PHONE, row.id): context.origin()},
        )
        result = {"result": VerificationResult.CODE_CONFIRMED}
        uow.emit(ContactPointVerified(row.id, row.revision, record.row.id, extra=result))
        new = new._replace(phones=tuple(sorted((*others, row), key=lambda phone: phone.id)))
        context.met_again(record, new)
        return new

    def _is(self, row: PhoneRow, number: PhoneNumber, dek: Dek) -> bool:
        exact = self._context.keys.indexes.exact(number.equivalence_key, row.index_kid)
        return row.exact_index == exact and ";" not in open_number(dek, row)

    def _replaced(self, row: PhoneRow, dek: Dek) -> PhoneRow:
        if not row.is_primary:
            return row
        values: dict[str, Any] = {"is_primary": False}
        if holds_claim(PhoneStatus(row.status), row.shared):
            values["status"] = PhoneStatus.CHANGED.value
        return self._changed(row, values, dek)

    def _changed(self, row: PhoneRow, values: dict[str, Any], dek: Dek) -> PhoneRow:
        new = row._replace(**values, updated_at=self._uow.now, revision=row.revision + 1)
        self._context.phones.change(row, new, dek, live=True)
        return new

    async def email(self, record: CustomerRecord, address: str, reason: str) -> CustomerRecord:
        """The customer's primary address from now on; the others stay. Raises Suppressed, TooManyParts."""
        context, uow = self._context, self._uow
        context.who.require_writable({Field.EMAILS})
        made = context.part_builder(record).email(EmailCreate(email=address), is_primary=True)
        found = await screen(uow, context.keys, (), [made.folded])
        before = {row.id: row for row in record.emails}
        old = next((row for row in record.emails if row.folded == made.folded), None)
        if old is None and len(before) >= CustomerEmails.limit:
            raise TooManyParts
        made = made._replace(suppressed_by=found.mailbox(made.folded, "#/emails")) if old is None else old
        made = made._replace(verified_at=uow.now)
        kept = [made if row.id == made.id else row for row in record.emails]
        rows = with_one_primary(kept if old is not None else [*kept, made], made.id, made.id)
        after = []
        for row in rows:
            known = before.get(row.id)
            if known is None:
                context.customers.add_parts([row])
            elif row != known:
                row = row._replace(updated_at=uow.now, revision=known.revision + 1)
                context.customers.change_part(known, row)
            after.append(row)
        email = next(row for row in after if row.id == made.id)
        told = [old and told_of(old, CustomerEmails.told), told_of(email, CustomerEmails.told)]
        new = context.changed(
            record,
            [Field.EMAILS.value],
            details={Field.EMAILS.value: told},
            action=f"{CustomerEmails.noun}.{'added' if old is None else 'changed'}",
            reason=reason,
            origins={to_text(Prefix.EMAIL, email.id): context.origin()},
        )
        changed = new._replace(emails=tuple(after))
        context.found_again(record, changed)
        context.met_again(record, changed)
        return changed
