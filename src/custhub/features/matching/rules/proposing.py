"""Weights proposed from a business's own list, and from what people decided about its pairs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import log2

from custhub.features.matching.rules.levels import CONTRADICTIONS, Field, Level
from custhub.features.matching.rules.weights import Weights

#: The levels of a pair.
Compared = tuple[tuple[Field, Level], ...]
Bits = dict[tuple[Field, Level], float]

#: Fewer decisions of people say more of those who decided than of the list.
LEAST_DECISIONS = 500
_ROUNDS = 40
#: A weight is moved from the shipped one as if that had been seen in so many pairs.
_BELIEF = 50
#: How often strangers must have been seen on a level to know how rare it is.
_LEAST_SEEN = 5


def proposed(
    weights: Weights, seen: Counter[Compared], strangers: Counter[Compared], confirmed: Counter[Compared]
) -> Bits:
    """Bits of each level. `confirmed` are pairs that people called one person; without any, `seen` are divided.

    A level on which strangers are too rare to count keeps its shipped bits: a sample does not say how rare a number
    that is shared is. What contradicts never speaks for one person.
    """
    one = _by_level(confirmed.items()) if confirmed else _by_level(_divided(weights, seen))
    two = _by_level(strangers.items())
    bits = dict(weights.bits)
    for at, shipped in weights.bits.items():
        field = at[0]
        same, other = _of(one, field), _of(two, field)
        if same < 1 or two[at] < _LEAST_SEEN:
            continue
        found = log2(((one[at] + 0.5) / (same + 1)) / (two[at] / other))
        bits[at] = round((same * found + _BELIEF * shipped) / (same + _BELIEF), 2)
        if at in CONTRADICTIONS:
            bits[at] = min(bits[at], 0.0)
    return bits


def _divided(weights: Weights, seen: Counter[Compared]) -> Iterable[tuple[Compared, float]]:
    """How many pairs of each pattern are one person, by expectation maximisation that starts from the weights."""
    total = seen.total()
    if not total:
        return ()
    chances = {levels: _probability(weights, levels) for levels in seen}
    for _ in range(_ROUNDS):
        one = _by_level((levels, count * chances[levels]) for levels, count in seen.items())
        two = _by_level((levels, count * (1 - chances[levels])) for levels, count in seen.items())
        share = sum(count * chances[levels] for levels, count in seen.items()) / total
        fields = {field: (_of(one, field), _of(two, field)) for field in Field}
        for levels in seen:
            odds = (share + 1e-9) / (1 - share + 1e-9)
            for at in levels:
                same, other = fields[at[0]]
                odds *= ((one[at] + 0.5) / (same + 1)) / ((two[at] + 0.5) / (other + 1))
            # A pair of two people by the shipped rule stays one: nobody is told apart by a household's phone.
            chances[levels] = 0.0 if _is_apart(levels) else odds / (1 + odds)
    return [(levels, count * chances[levels]) for levels, count in seen.items()]


def _probability(weights: Weights, levels: Compared) -> float:
    total = weights.prior(weights.prior_least) + sum(weights.bits[at] for at in levels)
    return 0.0 if _is_apart(levels) else 1 / (1 + 2 ** -max(-60.0, min(60.0, total)))


def _is_apart(levels: Compared) -> bool:
    return sum(at in CONTRADICTIONS for at in levels) > 1


def _by_level(counted: Iterable[tuple[Compared, float]]) -> Mapping[tuple[Field, Level], float]:
    found = defaultdict[tuple[Field, Level], float](float)
    for levels, count in counted:
        for at in levels:
            found[at] += count
    return found


def _of(counts: Mapping[tuple[Field, Level], float], field: Field) -> float:
    return sum(count for (one, _), count in counts.items() if one is field)
