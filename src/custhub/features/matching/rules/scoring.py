"""One scorer: what two records say of being one person, in bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from custhub.features.matching.rules.contacts import (
    compare_companies,
    compare_days,
    compare_ids,
    compare_mailboxes,
    compare_numbers,
)
from custhub.features.matching.rules.levels import CONTRADICTIONS, Field, Level
from custhub.features.matching.rules.name_levels import compare_names
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.places import compare_places
from custhub.features.matching.rules.weights import Weights

#: What says who somebody is, and what agreement of it is as good as certain.
_IDENTITY = frozenset((Field.NAME, Field.BIRTHDAY, Field.PERSONAL_ID))
_CERTAIN_NAME = frozenset((Level.SAME, Level.ACROSS_SCRIPTS, Level.NICKNAME, Level.TYPO))
_HOME = frozenset((Field.PHONE, Field.MAIL, Field.ADDRESS))
_SAME_HOME = frozenset((Level.SAME, Level.SAME_MOBILE, Level.IN_COMMON, Level.UNIT, Level.STREET_NUMBER))
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
    wrong. No two people of one home agree in two of them, twins included.
    """

    prior: float
    evidence: tuple[Evidence, ...]
    cap: float
    total: float
    contradictions: tuple[Field, ...]
    is_twofold: bool
    is_certain: bool

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
        cap = 0.0
        if Field.NAME in contradictions or Field.BIRTHDAY in contradictions:
            home = sum(one.bits for one in found if one.field in _HOME)
            cap = min(0.0, self.weights.household_cap - home)
        total = self._prior + sum(one.bits for one in found) + cap
        is_certain = _is_certain(found, contradictions)
        return Score(self._prior, found, cap, total, contradictions, _is_twofold(found), is_certain)


def _is_twofold(found: tuple[Evidence, ...]) -> bool:
    """Whether two independent kinds of evidence agree: a name or a personal id, and one that is not home alone."""
    agreeing = {one.field for one in found if one.bits > 0 and one.level is not Level.IN_COMMON}
    if Field.PERSONAL_ID in agreeing:
        return len(agreeing) > 1
    return Field.NAME in agreeing and bool(agreeing & _PERSONAL)


def _is_certain(found: tuple[Evidence, ...], contradictions: tuple[Field, ...]) -> bool:
    levels = {one.field: one.level for one in found}
    has_id = levels.get(Field.PERSONAL_ID)
    agreeing = (
        (levels.get(Field.NAME) in _CERTAIN_NAME)
        + (levels.get(Field.BIRTHDAY) is Level.SAME)
        + (has_id in (Level.SAME, Level.ONE_EDIT))
    )
    if agreeing >= 2:
        return True
    # One person by the id, at one home or with one number: what contradicts is one mistake. Two are a child's record.
    return has_id is Level.SAME and len(contradictions) <= 1 and any(levels.get(field) in _SAME_HOME for field in _HOME)


def _rank(level: Level) -> int:
    return _RANK[level]
