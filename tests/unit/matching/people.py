"""People for tests of matching."""

from __future__ import annotations

from datetime import date

from custhub.features.matching.rules.persons import Person
from custhub.features.matching.service.people import PeopleReader

READER = PeopleReader("CN", date(2026, 3, 1))


def person(**columns: str) -> Person:
    """A record with these columns of a file of people."""
    return READER.person(columns)
