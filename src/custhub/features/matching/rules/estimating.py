"""What a list says of itself: how often a home is shared by two people, and how often each field is mistyped.

Nobody says which pairs are one person. But where two of name, birthday and personal id agree, a pair is one person
whatever the third says, so that its levels among such pairs are the chances of a mistake; and once those are known, so
is how many pairs of one home would contradict by mistake alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import log2, sqrt

from custhub.features.matching.rules.households import IDENTITY, Homes, Kind, chance, chance_apart
from custhub.features.matching.rules.levels import AGREEMENTS, CONTRADICTIONS, SAME_HOME, Field, Level
from custhub.features.matching.rules.weights import Weights

#: What is counted of a pair: whether it shares a home, and the levels of identity and address.
Pattern = tuple[bool, tuple[tuple[Field, Level], ...]]

#: Fewer pairs that are certainly one person are no evidence of how often a field is mistyped.
LEAST_PAIRS = 100
#: Where more of the pairs of one home are two people, a list has households.
MOST_APART = 0.01
_ROUNDS = 50
_COUNTED = frozenset((*IDENTITY, Field.ADDRESS))


def pattern_of(levels: Mapping[Field, Level]) -> Pattern:
    """What is counted of a pair with these levels."""
    home = any((field, level) in SAME_HOME for field, level in levels.items())
    return home, tuple((field, level) for field, level in levels.items() if field in _COUNTED)


def homes_of(kinds: Mapping[str, Kind], seen: Counter[Pattern]) -> Homes | None:
    """What pairs that share a key say of homes; None where they say too little, or that there are households."""
    patterns = [(home, dict(levels), count) for (home, levels), count in seen.items()]
    mistakes: dict[tuple[Field, Level], float] = {}
    for field in IDENTITY:
        others = [other for other in IDENTITY if other is not field]
        found = Counter[Level]()
        for _, levels, count in patterns:
            if field in levels and all((other, levels.get(other)) in AGREEMENTS for other in others):
                found[levels[field]] += count
        if found.total() < LEAST_PAIRS:
            return None
        known = [level for one, level in next(iter(kinds.values())).chances if one is field]
        # Half a pair more of each, so that nothing is impossible that was not seen.
        whole = found.total() + len(known) / 2
        mistakes |= {(field, level): (found[level] + 0.5) / whole for level in known}
    at_home = [
        (levels, count) for home, levels, count in patterns if home and sum(field in levels for field in IDENTITY) > 1
    ]
    homes = Homes(_apart(kinds.values(), mistakes, at_home), mistakes)
    if homes.apart > MOST_APART or any(_is_excess(kind, homes, at_home) for kind in kinds.values()):
        return None
    return homes


Counted = list[tuple[dict[Field, Level], int]]


def _apart(kinds: Iterable[Kind], mistakes: Mapping[tuple[Field, Level], float], at_home: Counted) -> float:
    """The likeliest share of two people among pairs of one home, by expectation maximisation."""
    known = [(chance(mistakes, levels), chance_apart(kinds, levels), count) for levels, count in at_home]
    total = sum(count for _, _, count in known)
    apart = 0.5
    for _ in range(_ROUNDS):
        two = sum(count * apart * q / (apart * q + (1 - apart) * p) for p, q, count in known)
        # One pair more: none among a hundred is not never.
        apart = (two + 1) / (total + 2)
    return apart


def _is_excess(kind: Kind, homes: Homes, at_home: Counted) -> bool:
    """Whether a home has more pairs that look like this kind than mistakes explain, by more than chance does."""
    looks = {field: max((one for one in kind.chances if one[0] is field), key=kind.chances.__getitem__)[1]
             for field in IDENTITY}  # fmt: skip
    complete = [(levels, count) for levels, count in at_home if all(field in levels for field in IDENTITY)]
    seen = sum(count for levels, count in complete if all(levels[field] is looks[field] for field in IDENTITY))
    expected = sum(count for _, count in complete) * chance(homes.mistakes, looks)
    return seen > 3 + expected + 2 * sqrt(expected)


def adapted(weights: Weights, homes: Homes, seen: Counter[Pattern], strangers: Counter[Pattern]) -> Weights:
    """The weights for a list with these homes. `strangers` are pairs of it taken at random."""
    chances = {**homes.mistakes, **_address_chances(seen)}
    bits = dict(weights.bits)
    for (field, level), right in chances.items():
        known = sum(count for (_, levels), count in strangers.items() if any(one is field for one, _ in levels))
        wrong = sum(count for (_, levels), count in strangers.items() if (field, level) in levels)
        if not known:
            continue
        found = log2(right * (known + 1) / (wrong + 1))
        if field is Field.ADDRESS:
            bits[field, level] = found
        elif (field, level) in AGREEMENTS:
            bits[field, level] = max(bits[field, level], found)
        elif (field, level) in CONTRADICTIONS or bits[field, level] < 0:
            bits[field, level] = min(found, 0.0)
    return replace(weights, model_version=f"{weights.model_version}+list", bits=bits, homes=homes)


def _address_chances(seen: Counter[Pattern]) -> dict[tuple[Field, Level], float]:
    found = Counter[Level]()
    for (_, levels), count in seen.items():
        if sum(one in AGREEMENTS for one in levels) > 1:
            found.update({level: count for field, level in levels if field is Field.ADDRESS})
    # A unit is a house too: which of the two was written says nothing.
    house = found[Level.UNIT] + found[Level.STREET_NUMBER]
    total = found.total() + 2
    return {
        (Field.ADDRESS, Level.UNIT): (house + 0.5) / total,
        (Field.ADDRESS, Level.STREET_NUMBER): (house + 0.5) / total,
        (Field.ADDRESS, Level.NEAR): (found[Level.NEAR] + 0.5) / total,
        (Field.ADDRESS, Level.DIFFERENT): (found[Level.DIFFERENT] + 0.5) / total,
    }
