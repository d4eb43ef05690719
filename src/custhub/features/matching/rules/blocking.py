"""Keys under which two records of one person meet, before anything is compared."""

from __future__ import annotations

from collections.abc import Iterator

from custhub.features.matching.rules.contacts import masked_form
from custhub.features.matching.rules.names import families_of, tokens_of
from custhub.features.matching.rules.persons import Person

#: A key that more records hold brings strangers together: it is passed over.
HOT = 40
_LEAST_LOCAL = 4


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
