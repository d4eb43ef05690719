"""Texts of a customer in full: a reveal, as that of a number is (S-22, S-25)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

import orjson

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import AddressRow, ContactRow, CustomerRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.bodies import TextReveal
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import PREFIX
from custhub.features.customers.service.custom import opened as opened_values
from custhub.features.customers.service.parts import CONTACT_TEXTS
from custhub.features.phones.vault import opened_texts
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note
from custhub.security.fields import Field


class OpenedText(NamedTuple):
    """One text with its numbers; `part_id` names the address or contact it stands in."""

    field: str
    part_id: str | None
    text: str


class TextReveals:
    """Opens the texts of one customer that hold numbers."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._policy = context.who.policy

    async def reveal(self, customer_id: UUID, body: TextReveal) -> list[OpenedText]:
        """The texts with their numbers. The audit entry is committed first; without it there is no text.

        Nothing to open costs nothing of the quota. Raises CustomerNotFound, RevealQuotaExceeded, IntegrityError.
        """
        context = self._context
        record = await context.customers.get(customer_id)
        dek = context.dek(record)
        opened = list(self._opened(record, dek))
        if not opened:
            return []
        async with context.quotas.one("reveal"):
            context.uow.audit(
                Note(
                    "customer.texts_revealed",
                    "customer",
                    customer_id,
                    customer_id,
                    sorted({text.field for text in opened}),
                    reason=body.reason,
                    details={"note": body.note} if body.note else None,
                    sealer=dek,
                )
            )
        return opened

    def _opened(self, record: CustomerRecord, dek: Dek) -> Iterator[OpenedText]:
        readable = [name for name in TEXTS if self._policy.may_read(name)]
        yield from _of_row(dek, "customers", None, record.row, readable)
        if self._policy.may_read(Field.CUSTOM_FIELDS):
            yield from self._custom(record, dek)
        if self._policy.may_read(Field.ADDRESSES):
            for address in record.addresses:
                yield from _of_row(dek, "customer_addresses", Prefix.ADDRESS, address, ("street",))
        if self._policy.may_read(Field.CONTACTS):
            for contact in record.contacts:
                yield from _of_row(dek, "customer_contacts", Prefix.CONTACT, contact, CONTACT_TEXTS)

    def _custom(self, record: CustomerRecord, dek: Dek) -> Iterator[OpenedText]:
        values = opened_values(dek, record.row)
        for key in self._context.access.readable:
            if key in values:
                value = values[key]
                yield OpenedText(PREFIX + key, None, value if isinstance(value, str) else orjson.dumps(value).decode())


def _of_row(
    dek: Dek, table: str, prefix: Prefix | None, row: CustomerRow | AddressRow | ContactRow, names: Sequence[str]
) -> Iterator[OpenedText]:
    if row.spans is None:
        return
    stored = {name: getattr(row, name) for name in names}
    part_id = None if prefix is None else to_text(prefix, row.id)
    for name, text in opened_texts(dek, table, row.id, row.spans, stored).items():
        if text is not None and text != stored[name]:
            yield OpenedText(name, part_id, text)
