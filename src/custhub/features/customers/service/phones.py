"""Numbers of a customer: add, change, remove, verify, open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.features.customers.errors import TooManyParts
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.errors import PhoneNotFound
from custhub.features.phones.events import ContactPointVerified
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import MaskStyle, PhoneKind, PhoneStatus, mask
from custhub.features.phones.schemas import PhoneCreate, PhonePatch, PhoneReveal, PhoneVerify
from custhub.features.phones.service import PhoneQuotas
from custhub.features.phones.vault import open_number
from custhub.features.suppressions.service import screen
from custhub.kit.ids import Prefix, to_text
from custhub.kit.revisions import check_revision
from custhub.kit.uow import Note
from custhub.security.fields import Field

MAX_PHONES = 50
_TOLD = ("label", "is_primary", "shared", "status")


class CustomerPhones:
    """Use cases of the numbers of one customer."""

    def __init__(self, context: CustomerContext, quotas: PhoneQuotas) -> None:
        self._context = context
        self._uow = context.uow
        self._who = context.who
        self._quotas = quotas

    async def add(self, customer_id: UUID, body: PhoneCreate) -> tuple[CustomerRecord, PhoneRow]:
        """Give a customer one more number. Raises Suppressed; PhoneTaken shows at commit."""
        context = self._context
        self._who.require_writable({Field.PHONES})
        record = await context.live(customer_id)
        if len(record.phones) >= MAX_PHONES:
            raise TooManyParts
        number = context.phones.read(body, "#/number")
        dek = context.dek(record)
        is_primary = body.is_primary or not record.phones
        found = await screen(self._uow, context.keys, [number], ())
        row = context.phones.build(record.row.id, dek, number, body, is_primary=is_primary)
        row = row._replace(suppressed_by=found.number(number, "#/number"))
        context.phones.store(row, number)
        others = self._only_primary(record.phones, dek) if is_primary else record.phones
        told = [None, told_of_phone(number.e164, row)]
        record = self._changed(record, (*others, row), "phone.added", told, row.id)
        return record, row

    async def change(
        self, customer_id: UUID, phone_id: UUID, body: PhonePatch, if_match: frozenset[int] | None
    ) -> tuple[CustomerRecord, PhoneRow]:
        """Change label, primary, shared, status or expiry of a number."""
        context = self._context
        self._who.require_writable({Field.PHONES})
        record = await context.live(customer_id)
        row = self.of(record, phone_id)
        self._check_revision(row, if_match)
        sent = {name: getattr(body, name) for name in body.model_fields_set}
        changes = {name: value for name, value in sent.items() if value is not None or name in ("label", "expires_at")}
        if changes.get("shared") is False and self._is_nobodys_own(record, row):
            del changes["shared"]
        if len(record.phones) == 1:
            changes.pop("is_primary", None)  # the only one is the primary one, whatever it is told
        changes = {name: value for name, value in changes.items() if getattr(row, name) != value}
        if not changes:
            return record, row
        return self._store(record, row, changes, "phone.changed")

    def _check_revision(self, row: PhoneRow, if_match: frozenset[int] | None) -> None:
        check_revision(if_match, row.revision, f'"{row.revision}-{self._who.policy.digest}"')

    def _is_nobodys_own(self, record: CustomerRecord, row: PhoneRow) -> bool:
        # A privacy number, or an extension behind a switchboard (CONTRACT B4).
        return row.kind == PhoneKind.VIRTUAL or ";" in open_number(self._context.dek(record), row)

    async def verify(self, customer_id: UUID, phone_id: UUID, body: PhoneVerify) -> tuple[CustomerRecord, PhoneRow]:
        """Record what an attempt to reach the customer showed; only proof sets `verified_at`."""
        self._who.require_readable(Field.PHONES)
        record = await self._context.live(customer_id)
        row = self.of(record, phone_id)
        changes: dict[str, Any] = {
            "checked_at": self._uow.now,
            "status": body.result.status_after(PhoneStatus(row.status)),
        }
        if body.result.confirms:
            changes["verified_at"] = self._uow.now
        record, row = self._store(record, row, changes, "phone.verified", body.result, body.note)
        self._uow.emit(ContactPointVerified(row.id, row.revision, record.row.id, extra={"result": body.result}))
        await self._context.standards.verifications.recorded(self._uow, record, row, body.result)
        return record, row

    async def remove(self, customer_id: UUID, phone_id: UUID, if_match: frozenset[int] | None) -> None:
        """Take a number from a customer; the oldest other one becomes primary where it was."""
        context = self._context
        self._who.require_writable({Field.PHONES})
        record = await context.live(customer_id)
        row = self.of(record, phone_id)
        self._check_revision(row, if_match)
        dek = context.dek(record)
        context.phones.detach(row)
        left = tuple(phone for phone in record.phones if phone.id != phone_id)
        if row.is_primary and left:
            left = (self._promoted(left[0], dek), *left[1:])
        self._changed(record, left, "phone.removed", [told_of_phone(_openable(dek, row), row), None], phone_id)

    async def put_back(self, customer_id: UUID, row: PhoneRow, canonical: str) -> CustomerRecord:
        """Give a customer a number again that was taken from it, under its id. PhoneTaken shows at commit."""
        context = self._context
        self._who.require_writable({Field.PHONES})
        record = await context.live(customer_id)
        if len(record.phones) >= MAX_PHONES:
            raise TooManyParts
        dek = context.dek(record)
        back = row._replace(customer_id=record.row.id, updated_at=self._uow.now, revision=row.revision + 1)
        context.phones.restore(back, dek)
        others: Sequence[PhoneRow] = self._only_primary(record.phones, dek) if row.is_primary else record.phones
        phones = tuple(sorted((*others, back), key=lambda phone: phone.id))
        return self._changed(record, phones, "phone.added", [None, told_of_phone(canonical, back)], row.id)

    async def reveal(self, customer_id: UUID, phone_id: UUID, body: PhoneReveal) -> str:
        """The number in full. The audit entry is committed first; without it there is no number (S-22)."""
        self._who.require_readable(Field.PHONES)
        record = await self._context.customers.current(customer_id)
        row = self.of(record, phone_id)
        dek = self._context.dek(record)
        canonical = open_number(dek, row)
        async with self._quotas.one("reveal"):
            self._uow.audit(
                Note(
                    "phone.revealed",
                    "phone",
                    row.id,
                    record.row.id,
                    ["phones"],
                    reason=body.reason,
                    details={"note": body.note} if body.note else None,
                    sealer=dek,
                )
            )
        return canonical

    @staticmethod
    def of(record: CustomerRecord, phone_id: UUID) -> PhoneRow:
        """This number of this customer. Raises PhoneNotFound."""
        row = next((phone for phone in record.phones if phone.id == phone_id), None)
        if row is None:
            raise PhoneNotFound
        return row

    def _store(
        self,
        record: CustomerRecord,
        row: PhoneRow,
        changes: dict[str, Any],
        action: str,
        reason: str | None = None,
        note: str | None = None,
    ) -> tuple[CustomerRecord, PhoneRow]:
        dek = self._context.dek(record)
        new = self._touched(row, changes)
        others: Sequence[PhoneRow] = [phone for phone in record.phones if phone.id != row.id]
        if changes.get("is_primary"):
            others = self._only_primary(others, dek)
        elif "is_primary" in changes:
            others = [self._promoted(others[0], dek), *others[1:]]
        self._context.phones.change(row, new, dek, live=True)
        phones = tuple(sorted((*others, new), key=lambda phone: phone.id))
        number = open_number(dek, row)
        told = [told_of_phone(number, row), told_of_phone(number, new) | ({} if note is None else {"note": note})]
        return self._changed(record, phones, action, told, row.id, reason), new

    def _only_primary(self, phones: Sequence[PhoneRow], dek: Dek) -> tuple[PhoneRow, ...]:
        changed: list[PhoneRow] = []
        for phone in phones:
            if phone.is_primary:
                demoted = self._touched(phone, {"is_primary": False})
                self._context.phones.change(phone, demoted, dek, live=True)
                changed.append(demoted)
            else:
                changed.append(phone)
        return tuple(changed)

    def _promoted(self, phone: PhoneRow, dek: Dek) -> PhoneRow:
        promoted = self._touched(phone, {"is_primary": True})
        self._context.phones.change(phone, promoted, dek, live=True)
        return promoted

    def _touched(self, row: PhoneRow, changes: dict[str, Any]) -> PhoneRow:
        return row._replace(**changes, updated_at=self._uow.now, revision=row.revision + 1)

    def _changed(
        self,
        record: CustomerRecord,
        phones: Sequence[PhoneRow],
        action: str,
        told: Sequence[dict[str, Any] | None],
        phone_id: UUID,
        reason: str | None = None,
    ) -> CustomerRecord:
        name = to_text(Prefix.PHONE, phone_id)
        origin = None if action == "phone.removed" else self._context.origin_of_part(name)
        new = self._context.changed(
            record,
            [Field.PHONES.value],
            details={Field.PHONES.value: told},
            action=action,
            reason=reason,
            origins={name: origin},
        )
        new = new._replace(phones=tuple(phones))
        self._context.met_again(record, new)
        return new


def _openable(dek: Dek, row: PhoneRow) -> str | None:
    try:
        return open_number(dek, row)
    except IntegrityError:
        return None  # a damaged number can still be removed


def told_of_phone(e164: str | None, row: PhoneRow) -> dict[str, Any]:
    """What an audit entry says of a number."""
    return {"number": e164 and mask(e164, MaskStyle.MASK), **{name: getattr(row, name) for name in _TOLD}}
