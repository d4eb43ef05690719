"""From the body of a create to the rows of a customer, nothing stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.models import CustomerKey
from custhub.features.customers.errors import BirthdayInvalid, ContactNotAllowed, NameInvalid, TaxIdInvalid
from custhub.features.customers.models import CustomerRow, FieldValueRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.rules import (
    CustomerKind,
    compose_name,
    normalise_tax_id,
    parse_birthday,
    pinyin_key,
    split_name,
    tokens_of,
)
from custhub.features.customers.rules.provenance import came_along
from custhub.features.customers.schemas.bodies import BirthdayInput, CustomerCreate
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.custom import filter_rows
from custhub.features.customers.service.parts import primary_index
from custhub.features.fields.rules import Catalogue
from custhub.features.phones.errors import PhoneRepeated
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import PhoneNumber
from custhub.features.phones.vault import seal_texts
from custhub.http.issues import issue
from custhub.kit.errors import FieldIssue
from custhub.kit.ids import new_id
from custhub.security.reach import ReachKind


class NewCustomer(NamedTuple):
    """A customer ready to be stored: record, numbers behind its phone rows, what lists and search find it by."""

    record: CustomerRecord
    key: CustomerKey
    numbers: tuple[PhoneNumber, ...]
    values: tuple[FieldValueRow, ...]
    tokens: Sequence[str]


class CustomerBuilder:
    """Builds customers of one caller in one unit of work."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._uow = context.uow
        self._who = context.who

    def build(self, body: CustomerCreate) -> NewCustomer:
        """The rows of a body, nothing stored. Raises the rule that a value breaks, at its place."""
        context, now = self._context, self._uow.now
        phones = context.phones
        numbers = tuple(phones.read(phone, f"#/phones/{i}/number") for i, phone in enumerate(body.phones))
        family, given, display = _names(body)
        birthday = birthday_of(body.birthday, now.date()) if body.birthday is not None else (None, None, False)
        if body.contacts and body.kind is not CustomerKind.ORGANISATION:
            raise ContactNotAllowed(issues=[issue("#/contacts", ContactNotAllowed.code)])
        tax_id = tax_id_of(body.tax_id, body.addresses[0].country if body.addresses else context.country)
        catalogue = context.standards.catalogue.value
        check_entries(catalogue, body.stage, body.category, body.needs)

        customer_id = new_id()
        dek, wrapped = context.keys.cipher.new_dek(customer_id)
        key = CustomerKey(customer_id, dek.version, context.keys.cipher.kid_of(wrapped), wrapped)
        texts, spans = seal_texts(
            dek,
            "customers",
            customer_id,
            {
                "display_name": display,
                "given_name": given,
                "family_name": family,
                "company_name": body.company_name,
                "note": body.note,
            },
            context.country,
        )
        custom: tuple[dict[str, Any] | None, Sealed | None] = (None, None)
        if body.custom_fields:
            custom = context.custom.build(dek, customer_id, body.custom_fields)
        row = CustomerRow(
            id=customer_id,
            kind=body.kind,
            display_name=texts["display_name"] or "",
            given_name=texts["given_name"],
            family_name=texts["family_name"],
            company_name=texts["company_name"],
            name_key=pinyin_key(texts["display_name"] or "", body.kind),
            tax_id=tax_id,
            birthday=birthday[0],
            birthday_calendar=birthday[1],
            birthday_leap_month=birthday[2],
            gender=body.gender,
            language=body.language,
            time_zone=body.time_zone,
            preferred_channel=body.preferred_channel,
            stage=body.stage,
            source=body.source,
            owner_id=body.owner_id or self._default_owner(),
            team_id=body.team_id,
            note=texts["note"],
            spans=spans,
            category=body.category,
            needs=sorted(set(body.needs)) if body.needs else None,
            custom=custom[0],
            custom_sealed=custom[1],
            provenance=came_along(body.source, now, _given_parts(body, display)) or None,
            archived_at=None,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        values = filter_rows(catalogue, row) if body.needs or body.custom_fields else ()
        record = self._with_parts(row, key, dek, body, numbers)
        return NewCustomer(record, key, numbers, values, tokens_of(record.row, record.emails, record.external_ids))

    def _with_parts(
        self, row: CustomerRow, key: CustomerKey, dek: Dek, body: CustomerCreate, numbers: Sequence[PhoneNumber]
    ) -> CustomerRecord:
        build = self._context.builder_of(row.id, dek)
        phones, emails, addresses, contacts = body.phones, body.emails, body.addresses, body.contacts
        first_phone = primary_index([phone.is_primary for phone in phones])
        first_email = primary_index([email.is_primary for email in emails])
        first_address = primary_index([address.is_primary for address in addresses])
        first_contact = primary_index([contact.is_primary for contact in contacts])
        phone_rows = tuple(
            self._context.phones.build(row.id, dek, number, phone, is_primary=i == first_phone)
            for i, (number, phone) in enumerate(zip(numbers, phones, strict=True))
        )
        _check_repeated(phone_rows)
        return CustomerRecord(
            row,
            key.dek_version,
            key.wrapped,
            phone_rows,
            tuple(build.email(email, is_primary=i == first_email) for i, email in enumerate(emails)),
            tuple(
                build.address(address, f"#/addresses/{i}", is_primary=i == first_address)
                for i, address in enumerate(addresses)
            ),
            tuple(build.contact(contact, is_primary=i == first_contact) for i, contact in enumerate(contacts)),
            tuple(build.external_id(key) for key in body.external_ids),
            build.tags(body.tags) if body.tags else (),
        )

    def _default_owner(self) -> UUID | None:
        # Who sees only own rows would lose sight of what he just created.
        scoped = self._who.reach.kind is ReachKind.SCOPED
        return self._who.id if scoped and self._who.kind == "user" else None


def _check_repeated(phones: Sequence[PhoneRow]) -> None:
    seen: set[bytes] = set()
    for i, phone in enumerate(phones):
        if not phone.shared and phone.exact_index in seen:
            raise PhoneRepeated(issues=[issue(f"#/phones/{i}/number", PhoneRepeated.code)])
        if not phone.shared:
            seen.add(phone.exact_index)


def _names(body: CustomerCreate) -> tuple[str | None, str | None, str]:
    family, given = body.family_name, body.given_name
    display = body.display_name
    if display is None:
        display = composed(family, given) or body.company_name
    if not display:
        raise NameInvalid(issues=[issue("#/display_name", NameInvalid.code)])
    if family is None and given is None and body.kind is CustomerKind.PERSON:
        family, given = split_name(display)
    return family, given, display


def _given_parts(body: CustomerCreate, display: str) -> list[str]:
    """Parts that somebody gave and that look as if they were split off the name: they do not follow it."""
    if body.family_name is None and body.given_name is None:
        return []
    if (body.family_name, body.given_name) != split_name(display):
        return []
    return [name for name in ("family_name", "given_name") if getattr(body, name) is not None]


def check_entries(catalogue: Catalogue, stage: str | None, category: str | None, needs: Sequence[str]) -> None:
    """Raise VocabularyValueUnknown for what is no active entry of its vocabulary; None stands for nothing new."""
    if stage is not None:
        catalogue.require_entry("stage", stage, "#/stage")
    if category is not None:
        catalogue.require_entry("category", category, "#/category")
    for i, need in enumerate(needs):
        catalogue.require_entry("need", need, f"#/needs/{i}")


def composed(family: str | None, given: str | None) -> str | None:
    """The display name of two halves, None without any."""
    return compose_name(family, given) if family or given else None


def birthday_of(body: BirthdayInput, today: date) -> tuple[str | None, str | None, bool]:
    """The three columns of a birthday. Raises BirthdayInvalid."""
    try:
        parsed = parse_birthday(body.date, today=today, calendar=body.calendar, leap_month=body.leap_month)
    except BirthdayInvalid as error:
        raise BirthdayInvalid(issues=[issue("#/birthday/date", error.code)]) from None
    return parsed.text, parsed.calendar, parsed.leap_month


def tax_id_of(text: str | None, country: str) -> str | None:
    """A tax id in standard form. Raises TaxIdInvalid."""
    if text is None:
        return None
    try:
        return normalise_tax_id(text, country)
    except TaxIdInvalid as error:
        raise TaxIdInvalid(issues=[FieldIssue("#/tax_id", error.code)]) from None
