"""What a scan counts on its way: the figures of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_BUCKETS: Final = 10


@dataclass(slots=True)
class Tally:
    """Live customers and their numbers. `completeness` counts customers below 10, below 20, and so on to 100."""

    customers: int = 0
    phones: int = 0
    verified: int = 0
    score_sum: int = 0
    completeness: list[int] = field(default_factory=lambda: [0] * _BUCKETS)

    def add(self, score: int, verified: Sequence[bool]) -> None:
        """One customer, and for each of its numbers whether it was ever verified."""
        self.customers += 1
        self.phones += len(verified)
        self.verified += sum(verified)
        self.score_sum += score
        self.completeness[min(score // _BUCKETS, _BUCKETS - 1)] += 1

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.customers + other.customers,
            self.phones + other.phones,
            self.verified + other.verified,
            self.score_sum + other.score_sum,
            [a + b for a, b in zip(self.completeness, other.completeness, strict=True)],
        )

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "customers": self.customers,
            "phones": self.phones,
            "verified": self.verified,
            "score_sum": self.score_sum,
            "completeness": self.completeness,
        }


def tally_of(stored: Mapping[str, Any]) -> Tally:
    """What was stored; a new one of nothing."""
    return Tally(**stored)
