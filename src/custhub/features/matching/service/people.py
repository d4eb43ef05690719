"""A plain file of people, read for matching."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Final, TextIO, TypeVar

from custhub.features.customers.rules.countries import normalise_country
from custhub.features.matching.errors import PeopleFileInvalid
from custhub.features.matching.rules.contacts import Number, read_company, read_day, read_id, read_mailbox, read_number
from custhub.features.matching.rules.names import read_name
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.places import read_place
from custhub.kit.errors import RuleBroken

T = TypeVar("T")

COLUMNS: Final = (
    "record_id", "channel", "created_at", "name", "phone", "phone2", "email", "address", "birthday", "company",
    "country", "personal_id",
)  # fmt: skip
_LONGEST: Final = 1_000
_SOURCE: Final = "personal_id"
_MOST_KEPT: Final = 1 << 16


class PeopleReader:
    """Rows of such a file as people. `country` is that of numbers whose row names none."""

    def __init__(self, country: str, today: date) -> None:
        self._country = country
        self._today = today
        # Files of people repeat names, employers and houses; and numbers and mailboxes are their holders' own.
        self._name = lru_cache(_MOST_KEPT)(read_name)
        self._company = lru_cache(_MOST_KEPT)(read_company)
        self._place = lru_cache(_MOST_KEPT)(read_place)
        self._day = lru_cache(_MOST_KEPT)(lambda text: read_day(text, today))
        self._region = lru_cache(_MOST_KEPT)(self._read_region)

    def read(self, file: TextIO) -> Iterator[tuple[str, Person]]:
        """Every row with its `record_id`. Raises PeopleFileInvalid: no such column, an id missing or twice."""
        rows = csv.DictReader(file)
        if "record_id" not in (rows.fieldnames or ()):
            raise PeopleFileInvalid
        for row in rows:
            record_id = row["record_id"]
            if not record_id:
                raise PeopleFileInvalid
            yield record_id, self.person(row)

    def person(self, row: Mapping[str, str | None]) -> Person:
        """One row as matching sees it; what cannot be read says nothing."""
        get = row.get
        region = self._region(get("country") or "")
        numbers = dict.fromkeys(self._numbers((get("phone"), get("phone2")), region))
        mailbox = _read(read_mailbox, get("email"))
        place = _read(self._place, get("address"))
        number = _read(read_id, get("personal_id"))
        return Person(
            _read(self._name, get("name")),
            tuple(numbers),
            (mailbox,) if mailbox else (),
            (place,) if place else (),
            _read(self._day, get("birthday")),
            ((_SOURCE, number),) if number else (),
            _read(self._company, get("company")) or "",
        )

    def _numbers(self, texts: Iterable[str | None], region: str) -> Iterator[Number]:
        for text in texts:
            number = read_number(text, region) if text and len(text) <= _LONGEST else None
            if number:
                yield number

    def _read_region(self, text: str) -> str:
        try:
            return normalise_country(text) if text else self._country
        except RuleBroken:
            return self._country


def _read(read: Callable[[str], T], text: str | None) -> T | None:
    return read(text) if text and len(text) <= _LONGEST else None
