"""Makes the fix of a finding by the use cases of the customer, and takes it back exactly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from pydantic import ValidationError

from custhub.crypto.cipher import Dek
from custhub.features.customers.errors import AddressNotFound, EmailNotFound
from custhub.features.customers.queries import AddressRow, CustomerRecord, EmailRow
from custhub.features.customers.rules.provenance import Origin, Provenance, Rule
from custhub.features.customers.schemas.bodies import CustomerPatch
from custhub.features.customers.service.addresses import CustomerAddresses
from custhub.features.customers.service.context import CustomerContext, provenance_of
from custhub.features.customers.service.emails import CustomerEmails
from custhub.features.customers.service.phones import CustomerPhones
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.values import patch_of, value_of
from custhub.features.phones.errors import PhoneNotFound
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.schemas import PhonePatch
from custhub.features.phones.service import open_number, open_raw
from custhub.features.quality.errors import FindingOutdated
from custhub.features.quality.queries import FindingRow
from custhub.features.quality.rules import PLACE, Fix
from custhub.features.quality.service.kept_rows import kept_row, restored_row
from custhub.kit.ids import Prefix, from_text

Evidence = dict[str, Any]


class FixContext(CustomerContext):
    """Values come from a finding that the caller accepted; an undo says itself where they come from."""

    _returned: Mapping[str, Origin | None] | None = None

    def returning(self, origins: Mapping[str, Origin | None]) -> None:
        """Parts with these ids come from there."""
        self._returned = origins

    def origin(self) -> Origin:
        """A person's word, by the rule `quality`."""
        return super().origin()._replace(rule=Rule.QUALITY)

    def origin_of_part(self, part_id: str) -> Origin | None:
        """What an undo said, else the same."""
        return self.origin() if self._returned is None else self._returned.get(part_id)


class Repair(Protocol):
    """One kind of fix. `evidence` is what the finding shows, and after `make` what `undo` needs."""

    async def make(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> Evidence:
        """Do it; what is to be remembered. Raises FindingOutdated where the value is another one by now."""

    async def undo(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> None:
        """Take it back. Raises FindingOutdated where the value was changed since."""


class _SetField(NamedTuple):
    """A member gets the proposed value."""

    async def make(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> Evidence:
        customer = (await context.live(row.customer_id)).row
        before, known = value_of(dek, customer, row.field), provenance_of(customer)
        if before != evidence["standing"]:
            raise FindingOutdated
        changed = await self._write(context, row, evidence["claimed"], None)
        written = value_of(dek, changed.row, row.field)
        return {"before": before, "before_origin": known.entry(row.field), "written": written}

    async def undo(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> None:
        customer = (await context.live(row.customer_id)).row
        if value_of(dek, customer, row.field) != evidence["written"]:
            raise FindingOutdated
        origin = _origin(row, row.field, evidence["before_origin"])
        await self._write(context, row, evidence["before"], {row.field: origin})

    @staticmethod
    async def _write(
        context: FixContext, row: FindingRow, value: Any, origins: Mapping[str, Origin | None] | None
    ) -> CustomerRecord:
        try:
            body = CustomerPatch.model_validate(patch_of(row.field, value))
        except ValidationError:
            raise FindingOutdated from None
        return await CustomerService(context).patch(row.customer_id, body, None, origins)


class _SetStatus(NamedTuple):
    """A number gets another status."""

    async def make(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> Evidence:
        phone, entry = await _phone(context, row)
        if phone.status != evidence["standing"]["status"]:
            raise FindingOutdated
        written = evidence["claimed"]["status"]
        await _phones(context).change(row.customer_id, phone.id, PhonePatch(status=written), None)
        return {"before": phone.status, "before_origin": entry, "written": written}

    async def undo(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> None:
        phone, _ = await _phone(context, row)
        if phone.status != evidence["written"]:
            raise FindingOutdated
        context.returning({row.part: _origin(row, row.part, evidence["before_origin"])})
        await _phones(context).change(row.customer_id, phone.id, PhonePatch(status=evidence["before"]), None)


class _Replace(NamedTuple):
    """An e-mail address is put right."""

    async def make(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> Evidence:
        email, entry = await _email(context, row)
        if email.email != evidence["standing"]:
            raise FindingOutdated
        _, new = await CustomerEmails(context).replace(row.customer_id, email.id, evidence["claimed"])
        verified = None if email.verified_at is None else email.verified_at.isoformat()
        return {"before": email.email, "verified_at": verified, "before_origin": entry, "written": new.email}

    async def undo(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> None:
        email, _ = await _email(context, row)
        if email.email != evidence["written"]:
            raise FindingOutdated
        verified = evidence["verified_at"]
        context.returning({row.part: _origin(row, row.part, evidence["before_origin"])})
        await CustomerEmails(context).replace(
            row.customer_id,
            email.id,
            evidence["before"],
            None if verified is None else datetime.fromisoformat(verified),
        )


class _Remove(NamedTuple):
    """A number, e-mail or address goes; an undo brings it back under its id."""

    async def make(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> Evidence:
        if row.field == "phones":
            phone, entry = await _phone(context, row)
            if phone.status != evidence["standing"]["status"]:
                raise FindingOutdated
            kept = kept_row(phone) | {"canonical": open_number(dek, phone), "spelled": open_raw(dek, phone)}
            await _phones(context).remove(row.customer_id, phone.id, None)
        elif row.field == "emails":
            email, entry = await _email(context, row)
            if email.email != evidence["standing"]:
                raise FindingOutdated
            kept = kept_row(email)
            await CustomerEmails(context).remove(row.customer_id, email.id, None)
        else:
            address, entry = await _address(context, row)
            standing = [getattr(address, name) for name in PLACE]
            if standing != evidence["standing"] or address.spans is not None:
                raise FindingOutdated
            kept = kept_row(address)
            await CustomerAddresses(context).remove(row.customer_id, address.id, None)
        return {"row": kept, "before_origin": entry}

    async def undo(self, context: FixContext, dek: Dek, row: FindingRow, evidence: Evidence) -> None:
        kept = evidence["row"]
        context.returning({row.part: _origin(row, row.part, evidence["before_origin"])})
        if row.field == "phones":
            canonical, raw = kept["canonical"], kept["spelled"]
            phone = context.phones.sealed_again(restored_row(PhoneRow, kept), dek, canonical, raw)
            await _phones(context).put_back(row.customer_id, phone, canonical)
        elif row.field == "emails":
            await CustomerEmails(context).put_back(row.customer_id, restored_row(EmailRow, kept))
        else:
            await CustomerAddresses(context).put_back(row.customer_id, restored_row(AddressRow, kept))


REPAIRS: Final[Mapping[Fix, Repair]] = {
    Fix.SET_FIELD: _SetField(),
    Fix.SET_STATUS: _SetStatus(),
    Fix.REPLACE: _Replace(),
    Fix.REMOVE: _Remove(),
}


def _phones(context: FixContext) -> CustomerPhones:
    return CustomerPhones(context, context.quotas)


async def _phone(context: FixContext, row: FindingRow) -> tuple[PhoneRow, Any]:
    record = await context.live(row.customer_id)
    try:
        phone = CustomerPhones.of(record, from_text(Prefix.PHONE, row.part))
    except PhoneNotFound:
        raise FindingOutdated from None
    return phone, provenance_of(record.row).entry(row.part)


async def _email(context: FixContext, row: FindingRow) -> tuple[EmailRow, Any]:
    record = await context.live(row.customer_id)
    try:
        email = CustomerEmails(context).of(record, from_text(Prefix.EMAIL, row.part))
    except EmailNotFound:
        raise FindingOutdated from None
    return email, provenance_of(record.row).entry(row.part)


async def _address(context: FixContext, row: FindingRow) -> tuple[AddressRow, Any]:
    record = await context.live(row.customer_id)
    try:
        address = CustomerAddresses(context).of(record, from_text(Prefix.ADDRESS, row.part))
    except AddressNotFound:
        raise FindingOutdated from None
    return address, provenance_of(record.row).entry(row.part)


def _origin(row: FindingRow, key: str, entry: Any) -> Origin | None:
    return None if entry is None else Provenance({key: entry}, row.source, row.created_at).of(key)
