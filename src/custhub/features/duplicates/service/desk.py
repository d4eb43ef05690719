"""Where a list of people is compared with itself, in this process or in one of its own: pure, without a database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from custhub.features.duplicates.rules import MOST_RECORDS, Suggestion, millibits
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision, Score
from custhub.features.matching.rules.weights import Weights
from custhub.features.matching.service.batch import Matching, Pair
from custhub.features.matching.service.explaining import rule_of


class Scored(NamedTuple):
    """A pair by the places of its people, with what is stored of it: numbers and levels, no values."""

    left: int
    right: int
    total: int
    has_contradiction: bool
    suggested: str
    evidence: dict[str, Any]


class Desk:
    """People in the order of their ids; what is asked of them."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._people: list[Person] = []
        self._matching: Matching | None = None
        self._pairs: list[Pair] = []

    def add(self, people: Sequence[Person]) -> None:
        """The next people."""
        self._people += people

    def match(self) -> int:
        """Compare everybody who is there; how many pairs may be one person."""
        self._matching = Matching(self._people, self._weights)
        self._pairs = list(self._matching.pairs())
        return len(self._pairs)

    def pairs(self, first: int, count: int) -> list[Scored]:
        """Some of the pairs, in the order of their people."""
        return [scored(pair.left, pair.right, pair.score, pair.decision) for pair in self._pairs[first : first + count]]

    def hot_keys(self, most: int) -> list[tuple[str, int]]:
        """Keys that so many hold that they were passed over, with how many; those of most holders first."""
        assert self._matching is not None  # noqa: S101  # `match` comes first
        return self._matching.hot_keys(most)

    def groups(self, parted: Collection[tuple[int, int]]) -> list[list[int]]:
        """Groups as merging by itself would make them; pairs that are `parted` join nobody."""
        assert self._matching is not None  # noqa: S101  # `match` comes first
        joined = [pair for pair in self._pairs if (pair.left, pair.right) not in parted]
        groups = self._matching.groups(joined)
        return sorted(sorted(group) for group in groups if len(group) <= MOST_RECORDS)


def scored(left: int, right: int, score: Score, decision: Decision) -> Scored:
    """What is stored of a score; its bits add up to its total exactly."""
    prior, household = millibits(score.prior), millibits(score.cap)
    fields = [[one.field.value, one.level.value, millibits(one.bits), one.count] for one in score.evidence]
    evidence = {
        "prior": prior,
        "household": household,
        "fields": fields,
        "contradictions": [field.value for field in score.contradictions],
        "rule": rule_of(score, decision),
    }
    total = prior + household + sum(bits for _, _, bits, _ in fields)  # type: ignore[misc]  # lists of mixed values
    suggested = Suggestion.MERGE.value if decision is Decision.MERGE else Suggestion.REVIEW.value
    return Scored(left, right, total, bool(score.contradictions), suggested, evidence)
