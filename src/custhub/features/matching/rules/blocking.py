"""Keys under which two records of one person meet, before anything is compared."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from custhub.features.matching.rules.contacts import masked_form
from custhub.features.matching.rules.names import families_of, tokens_of
from custhub.features.matching.rules.persons import Person

#: A key that more records hold brings strangers together: it is passed over.
HOT = 40
_LEAST_LOCAL = 4


class BlockKind(StrEnum):
    """What a key is made of: its first letter says it."""

    PHONE = "phone"
    PHONE_FAMILY_NAME = "phone_family_name"
    NAME_PHONE_START = "name_phone_start"
    NAME_PHONE_END = "name_phone_end"
    EMAIL = "email"
    EMAIL_LOCAL_PART = "email_local_part"
    PERSONAL_ID = "personal_id"
    NAME_PERSONAL_ID_START = "name_personal_id_start"
    NAME_PERSONAL_ID_END = "name_personal_id_end"
    NAME_BIRTHDAY = "name_birthday"
    BIRTHDAY_HOUSE_NUMBER = "birthday_house_number"
    NAME_HOUSE_NUMBER = "name_house_number"
    TWO_NAMES_HOUSE_NUMBER = "two_names_house_number"
    NAME_HOUSE = "name_house"
    HOME = "home"
    HOUSE = "house"
    NAME_COMPANY = "name_company"


_KINDS = dict(zip("pfnNmlihHbBaAsudc", BlockKind, strict=True))


def kind_of(key: str) -> BlockKind:
    """What a key is made of."""
    return _KINDS[key[0]]


def block_keys(person: Person) -> Iterator[str]:
    """The keys of a record, in no order, each at most once per thing it stands for."""
    name = person.name
    tokens = tokens_of(name) if name else frozenset()
    families = families_of(name) if name else frozenset()
    for number in person.numbers:
        if not number.is_masked:
            yield "p" + number.value
        if number.is_mobile:
            masked = masked_form(number)
            for family in families:
                yield f"f{masked}{family}"
        if name and name.term and not number.is_masked:
            yield f"n{name.term}|{number.value[:6]}"
            yield f"N{name.term}|{number.value[-5:]}"
    for mailbox in person.mailboxes:
        yield f"m{mailbox.local}@{mailbox.domain}"
        if len(mailbox.local) >= _LEAST_LOCAL:
            yield "l" + mailbox.local
    starts = {token[:2] for token in tokens}
    for source, value in person.ids:
        yield f"i{source}|{value}"
        half = len(value) // 2
        for start in starts:
            yield f"h{value[:half]}|{start}"
            yield f"H{value[half:]}|{start}"
    day = "{:04d}{:02d}{:02d}".format(*person.born) if person.born else ""
    if day:
        for start in starts:
            yield f"b{day}{start}"
    for place in person.places:
        if place.number and day:
            yield f"B{day}{place.number}"
        if place.number and name:
            yield f"a{name.term}|{place.number}"
            for token in tokens:
                for start in starts - {token[:2]}:
                    yield f"A{place.number}|{token}|{start}"
        if place.street and place.number:
            house = f"{place.street}|{place.number}"
            for token in tokens:
                yield f"s{house}|{token}"
            # A house of many homes is no home; where units are written, they tell them apart.
            yield f"u{house}|{place.unit}" if place.unit else "d" + house
    if name and person.company:
        yield f"c{name.term}|{person.company[:4]}"
