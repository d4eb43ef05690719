"""How complete a customer is, 0 to 100, and what is missing.

Each member counts by what it is worth to whoever wants to reach and know the customer. Members that the reader does
not see count neither way: nobody learns from the figure what is hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from custhub.features.customers.rules.kinds import CustomerKind

#: What a custom field counts that is declared required; others are not handed in.
REQUIRED: Final = 10
CUSTOM: Final = "custom_fields."

_BOTH: Final[Mapping[str, int]] = {
    "display_name": 15,
    "phones": 25,
    "emails": 10,
    "addresses": 10,
    "language": 5,
    "category": 5,
    "source": 5,
}
_WEIGHTS: Final[Mapping[CustomerKind, Mapping[str, int]]] = {
    CustomerKind.PERSON: {**_BOTH, "family_name": 5, "given_name": 5, "birthday": 10, "gender": 5},
    CustomerKind.ORGANISATION: {**_BOTH, "tax_id": 10, "contacts": 15},
}


class Lack(StrEnum):
    """Why a member does not count, or not fully."""

    MISSING = "missing"
    #: It is there, and of no use: numbers that are dead, an address without a street, a source nobody has named.
    UNUSABLE = "unusable"


class Missing(NamedTuple):
    """A member, what it lacks, and what it would add to the score."""

    field: str
    reason: Lack
    points: int


class Completeness(NamedTuple):
    """The score, and what is missing from the greatest to the least."""

    score: int
    missing: tuple[Missing, ...]


def completeness(kind: CustomerKind, lacks: Mapping[str, Lack | None]) -> Completeness:
    """The completeness of a customer. `lacks` has each member that is seen: None where nothing is wanting."""
    known = _WEIGHTS[kind]
    weights = {name: known.get(name, REQUIRED) for name in lacks if name in known or name.startswith(CUSTOM)}
    total = sum(weights.values())
    if not total:
        return Completeness(100, ())
    found = [Missing(name, lack, weights[name]) for name in weights if (lack := lacks[name]) is not None]
    found.sort(key=lambda missing: (-missing.points, missing.field))
    have = total - sum(missing.points for missing in found)
    return Completeness(have * 100 // total, tuple(found))
