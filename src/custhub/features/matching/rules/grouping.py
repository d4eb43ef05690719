"""Groups of records that are one person: the best edges first, and never against a contradiction."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from custhub.features.matching.rules.scoring import Score

#: No group grows beyond this without a person.
MOST_RECORDS = 12
_LEAST_TOTAL = -12.0


def group(edges: Iterable[tuple[float, int, int]], score: Callable[[int, int], Score]) -> list[list[int]]:
    """Groups of two and more records from `edges` (total, record, record) that were decided to merge.

    Two groups join only where no pair across them contradicts or scores below -12, unless the two are certainly one
    person or a third record is certainly both.
    """
    members: dict[int, list[int]] = {}

    def of(record: int) -> list[int]:
        return members.setdefault(record, [record])

    for _, left, right in sorted(edges, key=lambda edge: (-edge[0], edge[1], edge[2])):
        one, other = of(left), of(right)
        if one is other or len(one) + len(other) > MOST_RECORDS:
            continue
        if len(one) == len(other) == 1 or _fit(one, other, score):
            one += other
            for record in other:
                members[record] = one
    return [found for record, found in members.items() if found[0] == record and len(found) > 1]


def _fit(one: list[int], other: list[int], score: Callable[[int, int], Score]) -> bool:
    for left in one:
        for right in other:
            found = score(left, right)
            doubtful = bool(found.contradictions) or found.total < _LEAST_TOTAL
            if doubtful and not found.is_certain and not _is_vouched(left, right, [*one, *other], score):
                return False
    return True


def _is_vouched(left: int, right: int, others: list[int], score: Callable[[int, int], Score]) -> bool:
    """Whether a third record is without a doubt the one and the other: then each of them has its own mistake."""
    return any(
        score(left, third).is_certain and score(right, third).is_certain
        for third in others
        if third not in (left, right)
    )
