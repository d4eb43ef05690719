"""Every pair of a list of people that may be one person, and the groups they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from custhub.features.matching.rules.blocking import HOT, block_keys
from custhub.features.matching.rules.estimating import Pattern, adapted, homes_of, pattern_of
from custhub.features.matching.rules.grouping import group
from custhub.features.matching.rules.levels import Field
from custhub.features.matching.rules.persons import Person
from custhub.features.matching.rules.scoring import Decision, Score, Scorer
from custhub.features.matching.rules.weights import Weights

#: How many pairs of strangers are looked at to know how often they agree.
_STRANGERS = 20_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records by their places in the list, the first smaller, and what they say."""

    left: int
    right: int
    score: Score
    decision: Decision


class Matching:
    """Matches a list of people with itself.

    A list that shows of itself that a home in it is one person's is matched by weights adapted to it: see
    rules/estimating.py. `scorer` has them after `pairs`.
    """

    def __init__(self, people: Sequence[Person], weights: Weights, threshold: float | None = None) -> None:
        self._people = people
        self._threshold = weights.merge if threshold is None else threshold
        self._counts = _counts(people)
        self._hot: set[int] = set()
        self.scorer = self._scorer(weights)

    def pairs(self) -> list[Pair]:
        """Pairs of review and merge; of those that are ignored none is told."""
        weights = self.scorer.weights
        seen = Counter[Pattern]()
        found = list(self._compared(seen))
        homes = None if weights.homes else homes_of(weights.kinds, seen)
        if homes is None:
            return found
        self.scorer = self._scorer(adapted(weights, homes, seen, self._strangers()))
        return list(self._compared(seen))

    def _scorer(self, weights: Weights) -> Scorer:
        counts = self._counts
        return Scorer(weights, len(self._people), lambda field, value: counts[field, value])

    def _compared(self, seen: Counter[Pattern]) -> Iterator[Pair]:
        people, scorer = self._people, self.scorer
        for left, right in candidates(people, self._hot):
            score = scorer.score(people[left], people[right])
            seen[pattern_of(score.levels)] += 1
            decision = scorer.decide(score, self._threshold)
            if decision is not Decision.IGNORE:
                yield Pair(left, right, score, decision)

    def _strangers(self) -> Counter[Pattern]:
        return Counter(pattern_of(score.levels) for score in self.strangers())

    def strangers(self) -> Iterator[Score]:
        """Pairs from all over the list, but for those that may be one person."""
        people, scorer = self._people, self.scorer
        last = len(people) - 1
        for turn in range(_STRANGERS):
            # Two strides that share no factor with each other, so that no order of the list matters.
            left = turn * 104_729 % len(people)
            right = (left + 1 + turn * 7_919 % last) % len(people)
            score = scorer.score(people[left], people[right])
            if score.total < scorer.weights.review:
                yield score

    def hot_keys(self, most: int) -> list[tuple[str, int]]:
        """Keys that were passed over, those of most holders first, with how many hold each; `pairs` comes first."""
        counts: Counter[str] = Counter()
        for person in self._people if self._hot else ():
            counts.update(key for key in set(block_keys(person)) if hash(key) in self._hot)
        return [(key, holders) for key, holders in counts.most_common(most) if holders > HOT]

    def groups(self, pairs: Sequence[Pair]) -> list[list[int]]:
        """Groups of two and more records, as merging by itself would make them."""
        edges = [(pair.score.total, pair.left, pair.right) for pair in pairs if pair.decision is Decision.MERGE]
        people = self._people
        return group(edges, lambda one, other: self.scorer.score(people[one], people[other]))


def candidates(people: Sequence[Person], hot: set[int] | None = None) -> Iterator[tuple[int, int]]:
    """Pairs that share a key, the smaller place first, each once; `hot` is told the hashes of those passed over."""
    holders: dict[int, int | list[int]] = {}
    for place, person in enumerate(people):
        for key in map(hash, block_keys(person)):
            held = holders.get(key)
            if held is None:
                holders[key] = place
            elif isinstance(held, int):
                if held != place:
                    holders[key] = [held, place]
            elif held[-1] != place and len(held) <= HOT:
                held.append(place)
    count = len(people)
    seen: set[int] = set()
    for held in holders.values():
        if isinstance(held, list) and len(held) <= HOT:
            for at, right in enumerate(held):
                for left in held[:at]:
                    seen.add(left * count + right)
    if hot is not None:
        hot.update(key for key, held in holders.items() if isinstance(held, list) and len(held) > HOT)
    holders.clear()
    for pair in sorted(seen):
        yield divmod(pair, count)


def _counts(people: Sequence[Person]) -> Counter[tuple[Field, str]]:
    """How many records hold each value whose frequency matters."""
    counts: Counter[tuple[Field, str]] = Counter()
    for person in people:
        if person.name:
            counts[Field.NAME, person.name.term] += 1
        for number in person.numbers:
            counts[Field.PHONE, number.value] += 1
        for mailbox in person.mailboxes:
            counts[Field.MAIL, f"{mailbox.local}@{mailbox.domain}"] += 1
        if person.company:
            counts[Field.COMPANY, person.company] += 1
    return counts
