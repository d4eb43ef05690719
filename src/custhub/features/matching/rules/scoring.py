"""One scorer: what two records say of being one person, in bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import log2

from custhub.features.matching.rules.contacts import (
    compare_companies,
    compare_days,
    compare_ids,
    compare_mailboxes,
    compare_numbers,
)
from custhub.features.matching.rules.households import Levels
from custhub.features.matching.rules.levels import AGREEMENTS, CONTRADICTIONS, SAME_HOME, Field, Level
from custhub.features.matching.rules.name_levels import compare_names
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.places import compare_places
from custhub.features.matching.rules.weights import Weights

_HOME = frozenset((Field.PHONE, Field.MAIL, Field.ADDRESS))
_PERSONAL = frozenset((Field.PHONE, Field.MAIL, Field.BIRTHDAY))
#: The best of several addresses or ids counts.
_RANK = {
    level: place
    for place, level in enumerate(
        (Level.UNIT, Level.STREET_NUMBER, Level.NEAR, Level.SAME, Level.ONE_EDIT, Level.DIFFERENT)
    )
}


class Decision(StrEnum):
    """What follows from a score."""

    MERGE = "merge"
    REVIEW = "review"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One field of a score; `count` is how many records hold the value that agrees, 0 where none does."""

    field: Field
    level: Level
    bits: float
    count: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """A total that is the sum of prior, evidence and `cap` (what the household rule took away).

    `is_certain`: two of name, birthday and personal id agree, so that a third which contradicts is the one that is
    wrong. No two people of one home agree in two of them, twins included. Where a list has no two people of one home,
    a total that is good enough is certain too.
    """

    prior: float
    evidence: tuple[Evidence, ...]
    cap: float
    total: float
    contradictions: tuple[Field, ...]
    is_twofold: bool
    is_certain: bool

    @property
    def levels(self) -> Levels:
        """The level of each field."""
        return {one.field: one.level for one in self.evidence}

    @property
    def probability(self) -> float:
        """The chance of one person, 0 to 1."""
        return float(1 / (1 + 2.0 ** -max(-60.0, min(60.0, self.total))))


#: How many records hold a value of a field.
Counts = Callable[[Field, str], int]


class Scorer:
    """Scores pairs among `records` records, by one model."""

    def __init__(self, weights: Weights, records: int, counts: Counts) -> None:
        self.weights = weights
        self.records = records
        self._prior = weights.prior(records)
        self._counts = counts

    def score(self, left: Person, right: Person) -> Score:
        """What two records say."""
        found: list[Evidence] = []
        add = found.append
        if left.name and right.name:
            level = compare_names(left.name, right.name)
            count = max(self._counts(Field.NAME, left.name.term), self._counts(Field.NAME, right.name.term))
            add(self._weighed(Field.NAME, level, count))
            if left.name.suffix != right.name.suffix:
                add(self._weighed(Field.SUFFIX, Level.DIFFERENT, 0))
        if left.numbers and right.numbers:
            level, value = compare_numbers(left.numbers, right.numbers)
            add(self._weighed(Field.PHONE, level, self._counts(Field.PHONE, value) if value else 0))
        if left.mailboxes and right.mailboxes:
            level, value = compare_mailboxes(left.mailboxes, right.mailboxes, (left.name, right.name))
            add(self._weighed(Field.MAIL, level, self._counts(Field.MAIL, value) if value else 0))
        if left.places and right.places:
            level = min((compare_places(one, other) for one in left.places for other in right.places), key=_rank)
            add(self._weighed(Field.ADDRESS, level, 0))
        if left.born and right.born:
            add(self._weighed(Field.BIRTHDAY, compare_days(left.born, right.born), 0))
        if left.ids and right.ids:
            levels = [compare_ids(a, b) for one, a in left.ids for other, b in right.ids if one == other]
            if levels:
                add(self._weighed(Field.PERSONAL_ID, min(levels, key=_rank), 0))
        if left.company and right.company:
            level = compare_companies(left.company, right.company)
            add(self._weighed(Field.COMPANY, level, self._counts(Field.COMPANY, left.company)))
        return self._summed(tuple(found))

    def decide(self, score: Score, threshold: float | None = None) -> Decision:
        """What follows: merging needs the threshold, no contradiction, and a name with one more personal agreement."""
        weights = self.weights
        agrees = score.is_twofold and (score.is_certain or not score.contradictions)
        if agrees and score.total >= (weights.merge if threshold is None else threshold):
            return Decision.MERGE
        return Decision.REVIEW if score.total >= weights.review else Decision.IGNORE

    def _weighed(self, field: Field, level: Level, count: int) -> Evidence:
        return Evidence(field, level, self.weights.weigh(field, level, count, self.records), count)

    def _summed(self, found: tuple[Evidence, ...]) -> Score:
        contradictions = tuple(one.field for one in found if (one.field, one.level) in CONTRADICTIONS)
        levels = {one.field: one.level for one in found}
        plain = self._prior + sum(one.bits for one in found)
        is_certain = _is_certain(levels, contradictions)
        homes = self.weights.homes
        if homes:
            # Strangers are one explanation, people of one home another: the likelier of them is to be outweighed.
            apart = homes.bits(self.weights.kinds.values(), levels)
            total = -log2(2.0 ** min(1_000.0, -plain) + 2.0 ** min(1_000.0, -apart))
            is_certain = is_certain or (total >= self.weights.merge and Field.SUFFIX not in contradictions)
            is_twofold = _is_twofold(found) or _agrees_with_home(levels)
            return Score(self._prior, found, total - plain, total, contradictions, is_twofold, is_certain)
        cap = 0.0
        if Field.NAME in contradictions or Field.BIRTHDAY in contradictions:
            home = sum(one.bits for one in found if one.field in _HOME)
            cap = min(0.0, self.weights.household_cap - home)
        return Score(self._prior, found, cap, plain + cap, contradictions, _is_twofold(found), is_certain)


def _is_twofold(found: tuple[Evidence, ...]) -> bool:
    """Whether two independent kinds of evidence agree: a name or a personal id, and one that is not home alone."""
    agreeing = {one.field for one in found if one.bits > 0 and one.level is not Level.IN_COMMON}
    if Field.PERSONAL_ID in agreeing:
        return len(agreeing) > 1
    return Field.NAME in agreeing and bool(agreeing & _PERSONAL)


def _agrees_with_home(levels: Levels) -> bool:
    """Whether a name, birthday or personal id agrees at one home or near: enough where a home is one person's."""
    is_near = levels.get(Field.ADDRESS) is Level.NEAR or any(one in SAME_HOME for one in levels.items())
    return is_near and any(one in AGREEMENTS for one in levels.items())


def _is_certain(levels: Levels, contradictions: tuple[Field, ...]) -> bool:
    has_id = levels.get(Field.PERSONAL_ID)
    agreeing = (
        ((Field.NAME, levels.get(Field.NAME)) in AGREEMENTS)
        + (levels.get(Field.BIRTHDAY) is Level.SAME)
        + (has_id in (Level.SAME, Level.ONE_EDIT))
    )
    if agreeing >= 2:
        return True
    # One person by the id, at one home or with one number: what contradicts is one mistake. Two are a child's record.
    return has_id is Level.SAME and len(contradictions) <= 1 and any(one in SAME_HOME for one in levels.items())


def _rank(level: Level) -> int:
    return _RANK[level]
