"""Customers as matching sees them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache
from typing import Final
from uuid import UUID

from custhub.crypto.cipher import Dek, FieldCipher
from custhub.crypto.errors import IntegrityError, KeyUnavailable
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries import AddressRow, CustomerRecord, CustomerRow
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.rules import CustomerKind
from custhub.features.customers.rules.birthdays import Calendar, parse_birthday
from custhub.features.matching.rules.contacts import (
    Day,
    Number,
    read_company,
    read_id,
    read_mailbox,
    real_day,
)
from custhub.features.matching.rules.names import read_name
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.places import read_place
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneKind, blank_placeholders, equivalence_key
from custhub.features.phones.service import open_number, opened_texts
from custhub.kit.query import Reader

_MOST_KEPT: Final = 1 << 12
_DAY_LENGTH: Final = 10
_NAMES: Final = ("display_name", "company_name")
# Names, employers and areas are repeated; and there are a few versions of one customer in a change.
_name = lru_cache(_MOST_KEPT)(read_name)
_company = lru_cache(_MOST_KEPT)(read_company)
_place = lru_cache(_MOST_KEPT)(read_place)
_mailbox = lru_cache(_MOST_KEPT)(read_mailbox)


def number_of(canonical: str, kind: str) -> Number | None:
    """A stored number; None for privacy numbers of platforms, which are nobody's, and for fillers."""
    e164 = canonical.partition(";")[0]
    if kind == PhoneKind.VIRTUAL or len(set(e164[-8:])) == 1:
        return None
    return Number(equivalence_key(e164), kind == PhoneKind.MOBILE)


class CustomerReader:
    """Reads customers; `personal` are the sources one id of which means one person."""

    def __init__(self, personal: Collection[str]) -> None:
        self._personal = personal

    def person(self, record: CustomerRecord, dek: Dek | None, numbers: Iterable[str] | None = None) -> Person:
        """A customer; what does not open says nothing. `numbers` are its numbers in their order, where known."""
        row = record.row
        is_organisation = row.kind == CustomerKind.ORGANISATION
        display, company = self._names(record, dek)
        opened = (_opened(dek, phone) for phone in record.phones) if numbers is None else numbers
        found = (
            number_of(text, phone.kind) for text, phone in zip(opened, record.phones, strict=True) if text is not None
        )
        places = (_place(text) for text in _addresses(record, dek))
        return Person(
            None if is_organisation else _name(display),
            tuple(dict.fromkeys(number for number in found if number)),
            tuple(dict.fromkeys(box for box in (_mailbox(email.email) for email in record.emails) if box)),
            tuple(dict.fromkeys(place for place in places if place)),
            _born(row.birthday, row.birthday_calendar, leap=row.birthday_leap_month),
            tuple(self._ids(record)),
            _company(company or display) if is_organisation else (_company(company) if company else ""),
        )

    def _names(self, record: CustomerRecord, dek: Dek | None) -> tuple[str, str]:
        row = record.row
        texts: dict[str, str | None] = {name: getattr(row, name) for name in _NAMES}
        if row.spans is not None:
            texts = _texts(dek, "customers", row, texts)
        return texts["display_name"] or "", texts["company_name"] or ""

    def _ids(self, record: CustomerRecord) -> Iterable[tuple[str, str]]:
        for key in record.external_ids:
            if key.source in self._personal:
                value = read_id(key.external_id)
                if value:
                    yield key.source, value


def data_key(cipher: FieldCipher, record: CustomerRecord) -> Dek | None:
    """The data key of a customer, None where it is gone."""
    if record.wrapped_dek is None or record.dek_version is None:
        return None
    try:
        return cipher.unwrap(record.row.id, record.dek_version, record.wrapped_dek)
    except (IntegrityError, KeyUnavailable):
        return None


def is_matched(record: CustomerRecord) -> bool:
    """Whether a customer is one of those that are compared: not erased, not merged, not archived."""
    row = record.row
    return row.erased_at is None and row.merged_into is None and row.archived_at is None


async def people_of(
    reader: Reader, keys: LiveKeys, ids: Collection[UUID], personal: Collection[str]
) -> dict[UUID, Person]:
    """Customers by id as matching sees them, in full; without those that are erased, merged or archived.

    System-side: who shows anything of it masks it by the rights of the reader.
    """
    read = CustomerReader(personal).person
    records = await whole_customers(reader, set(ids))
    return {
        customer_id: read(record, data_key(keys.cipher, record))
        for customer_id, record in records.items()
        if is_matched(record)
    }


def _opened(dek: Dek | None, phone: PhoneRow) -> str | None:
    try:
        return None if dek is None else open_number(dek, phone)
    except IntegrityError:
        return None


def _texts(
    dek: Dek | None, table: str, row: CustomerRow | AddressRow, texts: dict[str, str | None]
) -> dict[str, str | None]:
    """Texts with the numbers that are sealed apart; without them where they do not open."""
    try:
        if dek is not None:
            return opened_texts(dek, table, row.id, row.spans, texts)
    except IntegrityError:
        pass
    return {name: text and blank_placeholders(text) for name, text in texts.items()}


def _addresses(record: CustomerRecord, dek: Dek | None) -> Iterable[str]:
    for row in record.addresses:
        street = row.street
        if row.spans is not None:
            street = _texts(dek, "customer_addresses", row, {"street": street})["street"]
        if row.country == "CN":
            yield "".join(filter(None, (row.province, row.city, row.district, street)))
        else:
            yield ", ".join(filter(None, (street, row.district, row.city, row.province, row.postcode)))


@lru_cache(_MOST_KEPT)
def _born(text: str | None, calendar: str | None, *, leap: bool) -> Day | None:
    if text is None or len(text) != _DAY_LENGTH:
        return None
    if calendar != Calendar.LUNAR:
        return real_day((int(text[:4]), int(text[5:7]), int(text[8:])))
    born = parse_birthday(text, today=date.max, calendar=Calendar.LUNAR, leap_month=leap).born_on
    return None if born is None else real_day((born.year, born.month, born.day))
