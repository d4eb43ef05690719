"""What an intake says once its defaults are taken off, and which of several customers it is about.

Every rule here looks at what was sent alone, or is a maximum or minimum: the order of arrival makes no difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from custhub.features.customers.rules import CustomerKind, MatchKind, compose_name, split_name

#: Name of a customer that nobody has named yet; any name that is sent takes its place.
UNNAMED: Final = "Unnamed"
#: What a customer is where nothing was said: saying it says nothing.
_DEFAULTS: Final[Mapping[str, str]] = {"gender": "unknown", "stage": "lead"}


class Outcome(StrEnum):
    """What became of an intake. `held`: nothing was written, what came waits in findings."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    HELD = "held"


class Hold(StrEnum):
    """Why something was not written, beside the codes of refused changes."""

    AMBIGUOUS = "match_ambiguous"
    OUT_OF_REACH = "out_of_reach"
    PHONE_TAKEN = "phone_taken"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    KIND = "kind_differs"
    GUARDIAN = "guardian_required"


class Names(NamedTuple):
    """The names of a customer, as its create would have them."""

    family: str | None
    given: str | None
    display: str | None


def names_of(
    kind: CustomerKind, family: str | None, given: str | None, display: str | None, company: str | None
) -> Names:
    """All names said outright, so that it makes no difference which intake makes the customer.

    A person is not called after its company. Raises NameInvalid.
    """
    if display is None and (family or given):
        display = compose_name(family, given)
    if display is None and kind is CustomerKind.ORGANISATION:
        display = company
    if display is not None and family is None and given is None and kind is CustomerKind.PERSON:
        family, given = split_name(display)
    return Names(family, given, display)


def says(field: str, value: object) -> bool:
    """Whether a value says anything."""
    return value is not None and value not in ([], {}) and value != _DEFAULTS.get(field, "")


class Holders(NamedTuple):
    """Which customers, of whomever, have the keys of an intake."""

    external_ids: Mapping[tuple[str, str], UUID]
    numbers: Mapping[bytes, UUID]
    mailboxes: frozenset[UUID]


class Target(NamedTuple):
    """The customer that an intake is about, by which key; `hold` says why nothing of it may be written."""

    customer_id: UUID
    kind: MatchKind
    hold: Hold | None


def target_of(holders: Holders) -> Target | None:
    """Who has the strongest key: an external id before a number before an address; None for somebody new.

    Of several with one kind of key it is the one that is there longest. An address may stand with several people:
    nobody knows which of them it is, so nothing is written.
    """
    if holders.external_ids:
        return Target(min(holders.external_ids.values()), MatchKind.EXTERNAL_ID, None)
    if holders.numbers:
        return Target(min(holders.numbers.values()), MatchKind.PHONE, None)
    if holders.mailboxes:
        hold = Hold.AMBIGUOUS if len(holders.mailboxes) > 1 else None
        return Target(min(holders.mailboxes), MatchKind.EMAIL, hold)
    return None
