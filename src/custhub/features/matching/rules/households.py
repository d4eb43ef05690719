"""Different people of one home: which kinds there are, and how often a list has any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log2, prod

from custhub.features.matching.rules.levels import Field, Level

#: What says who somebody is.
IDENTITY = (Field.NAME, Field.BIRTHDAY, Field.PERSONAL_ID)

#: The level of each field two records both have.
Levels = Mapping[Field, Level]


@dataclass(frozen=True, slots=True)
class Kind:
    """Two people of one home, twins for one: `share` of all such pairs, and the chance of each level of identity."""

    share: float
    chances: Mapping[tuple[Field, Level], float]


@dataclass(frozen=True, slots=True)
class Homes:
    """What a list shows of its homes, where it shows that one is nearly always one person's.

    `apart` is the share of pairs of one home that are two people; `mistakes` is the chance of each level of identity
    in two records of one person.
    """

    apart: float
    mistakes: Mapping[tuple[Field, Level], float]

    def bits(self, kinds: Iterable[Kind], levels: Levels) -> float:
        """How much likelier two records are one person, mistyped, than two people of one home."""
        return log2((1 - self.apart) * chance(self.mistakes, levels) / (self.apart * chance_apart(kinds, levels)))


def chance(chances: Mapping[tuple[Field, Level], float], levels: Levels) -> float:
    """The chance of these levels of identity, each independent of the others."""
    return prod(chances[field, levels[field]] for field in IDENTITY if field in levels)


def chance_apart(kinds: Iterable[Kind], levels: Levels) -> float:
    """The chance of these levels of identity in two people of one home."""
    return sum(kind.share * chance(kind.chances, levels) for kind in kinds)
