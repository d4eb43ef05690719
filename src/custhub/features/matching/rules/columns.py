"""People as flat columns, normalised by the readers of matching, for a library that compares in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from nicknames import NickNamer

from custhub.features.matching.rules.contacts import Mailbox, Number, is_spelled_from, masked_form
from custhub.features.matching.rules.names import PersonName, is_pinyin, is_surname
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.places import Place

#: Every column with its type in DuckDB. A value that is missing is NULL.
COLUMNS: Final[Mapping[str, str]] = {
    "name_term": "VARCHAR",
    "name_han": "VARCHAR",
    "name_written": "VARCHAR",
    "name_pattern": "VARCHAR",
    "name_words": "VARCHAR[]",
    "name_family": "VARCHAR",
    "name_given": "VARCHAR",
    "name_sounds": "VARCHAR[]",
    "name_nicknames": "VARCHAR[]",
    "name_is_pinyin": "BOOLEAN",
    "name_is_chinese": "BOOLEAN",
    "name_suffix": "VARCHAR",
    "number": "VARCHAR",
    "numbers": "VARCHAR[]",
    "mobiles": "VARCHAR[]",
    "masked": "VARCHAR[]",
    "masked_forms": "VARCHAR[]",
    "mail": "VARCHAR",
    "mail_local": "VARCHAR",
    "mail_domain": "VARCHAR",
    "mail_is_spelled": "BOOLEAN",
    "house": "VARCHAR",
    "house_area": "VARCHAR[]",
    "house_street": "VARCHAR",
    "house_number": "VARCHAR",
    "house_unit": "VARCHAR",
    "house_words": "VARCHAR[]",
    "birthday": "VARCHAR",
    "birthday_turned": "VARCHAR",
    "personal_id": "VARCHAR",
    "company": "VARCHAR",
}

Row = dict[str, Any]


def columns_of(person: Person) -> Row:
    """The columns of one person, each there. Of several mailboxes, addresses or ids the first counts."""
    row: Row = dict.fromkeys(COLUMNS)
    if person.name:
        row |= _name(person.name)
    if person.numbers:
        row |= _numbers(person.numbers)
    if person.mailboxes:
        row |= _mailbox(person.mailboxes[0], person.name)
    if person.places:
        row |= _place(person.places[0])
    if person.born:
        year, month, day = person.born
        row |= {"birthday": f"{year:04d}{month:02d}{day:02d}", "birthday_turned": f"{year:04d}{day:02d}{month:02d}"}
    row["personal_id"] = next((value for _, value in person.ids), None)
    row["company"] = person.company or None
    return row


def _name(name: PersonName) -> Row:
    family, given = _halves(name)
    is_pinyin_given = bool(name.han) or is_pinyin(given)
    words = name.words
    if name.han:
        sounds = [sound for one, other in name.readings for sound in (one + other, other + one)]
    else:
        sounds = ["".join(words[at:] + words[:at]) for at in range(len(words))]
    return {
        "name_term": name.term,
        "name_han": name.han or None,
        "name_written": name.written or None,
        "name_pattern": name.han.replace("*", "_") if "*" in name.han else None,
        "name_words": None if name.han else sorted(words),
        "name_family": family,
        "name_given": given,
        "name_sounds": sorted(set(sounds)),
        "name_nicknames": None if name.han else sorted(_nicknamed(words)),
        "name_is_pinyin": is_pinyin_given,
        "name_is_chinese": bool(name.han) or is_surname(family),
        "name_suffix": name.suffix or "none",
    }


def _halves(name: PersonName) -> tuple[str, str]:
    """Family and given name in Latin letters; a Chinese family name may stand first."""
    if name.han:
        return name.readings[0] if name.readings else (name.family, name.given)
    words = name.words
    if len(words) > 1 and is_surname(words[0]) and is_pinyin("".join(words[1:])) and not is_surname(words[-1]):
        return words[0], "".join(words[1:])
    return words[-1], "".join(words[:-1])


def _nicknamed(words: tuple[str, ...]) -> Iterator[str]:
    """The name, as `term` writes it, with one of its words in another form of it."""
    for at, word in enumerate(words):
        if len(word) > 1:
            for other in _nicknames().nicknames_of(word):
                yield " ".join(sorted((*words[:at], other, *words[at + 1 :])))


@cache
def _nicknames() -> NickNamer:
    return NickNamer()


def _numbers(numbers: Iterable[Number]) -> Row:
    numbers = tuple(numbers)
    whole = [number.value for number in numbers if not number.is_masked]
    return {
        "number": whole[0] if whole else None,
        "numbers": whole,
        "mobiles": [number.value for number in numbers if number.is_mobile and not number.is_masked],
        "masked": [number.value for number in numbers if number.is_masked],
        "masked_forms": [masked_form(number) for number in numbers],
    }


def _mailbox(mailbox: Mailbox, name: PersonName | None) -> Row:
    return {
        "mail": f"{mailbox.local}@{mailbox.domain}",
        "mail_local": mailbox.local,
        "mail_domain": mailbox.domain,
        "mail_is_spelled": name is not None and is_spelled_from(mailbox.local, name),
    }


def _place(place: Place) -> Row:
    house = "|".join((*place.area[-1:], place.street, place.number, place.unit))
    return {
        "house": house if place.street and place.number else None,
        "house_area": list(place.area),
        "house_street": place.street.replace(" ", ""),
        "house_number": place.number,
        "house_unit": place.unit,
        "house_words": list(place.words) or None,
    }
