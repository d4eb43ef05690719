"""A record as matching sees it."""

from __future__ import annotations

from dataclasses import dataclass

from custhub.features.matching.rules.contacts import Day, Mailbox, Number
from custhub.features.matching.rules.names import PersonName
from custhub.features.matching.rules.places import Place


@dataclass(frozen=True, slots=True)
class Person:
    """What of a record is compared, read once. `ids` are personal ids by their source."""

    name: PersonName | None = None
    numbers: tuple[Number, ...] = ()
    mailboxes: tuple[Mailbox, ...] = ()
    places: tuple[Place, ...] = ()
    born: Day | None = None
    ids: tuple[tuple[str, str], ...] = ()
    company: str = ""
