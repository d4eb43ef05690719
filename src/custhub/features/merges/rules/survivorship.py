"""Which of several values of one field stands after a merge (MATCHING 4).

What the caller chose; then what a person has confirmed; what the customer said itself by a channel that was proven;
a real value before one that stands in for it; the better source; the more complete; the more recent. Of equal ones
the survivor's own, then the oldest record's: every order of the customers gives the same plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID


class SurvivorRule(StrEnum):
    """Why a value stands."""

    CHOSEN = "chosen"
    ONLY = "only"
    SAME = "same"
    CONFIRMED = "confirmed"
    VERIFIED = "verified"
    SUBSTANCE = "substance"
    PRIORITY = "source_priority"
    COMPLETE = "most_complete"
    RECENT = "most_recent"
    SURVIVOR = "survivor"
    TOGETHER = "together"
    UNITED = "united"
    NONE = "none"


class Candidate(NamedTuple):
    """What one customer has in a field; `value` is comparable, None where it has none.

    `substance` is 0 for what only stands in (a title for a name, 1 January for a birthday); `completeness` compares
    real values. Both are higher for the better one.
    """

    customer_id: UUID
    value: Any
    is_confirmed: bool = False
    is_verified: bool = False
    substance: int = 1
    priority: int = 0
    completeness: int = 0
    at: datetime | None = None
    is_survivor: bool = False


class Pick(NamedTuple):
    """Whose value stands, and why; `rejected` are those with another value, in the order of the candidates."""

    customer_id: UUID | None
    rule: SurvivorRule
    rejected: tuple[UUID, ...] = ()


#: In the order in which they decide.
_CRITERIA: Final[Sequence[tuple[SurvivorRule, Callable[[Candidate], Any]]]] = (
    (SurvivorRule.CONFIRMED, lambda one: one.is_confirmed),
    (SurvivorRule.VERIFIED, lambda one: one.is_verified),
    (SurvivorRule.SUBSTANCE, lambda one: one.substance),
    (SurvivorRule.PRIORITY, lambda one: one.priority),
    (SurvivorRule.COMPLETE, lambda one: one.completeness),
    (SurvivorRule.RECENT, lambda one: one.at),
    (SurvivorRule.SURVIVOR, lambda one: one.is_survivor),
)


def pick(candidates: Sequence[Candidate], chosen: UUID | None = None) -> Pick:
    """Whose value stands. `chosen` wins whatever it has, an empty field too."""
    filled = [one for one in candidates if one.value is not None]
    if chosen is not None:
        value = next(one.value for one in candidates if one.customer_id == chosen)
        return Pick(chosen, SurvivorRule.CHOSEN, _others(filled, value))
    if not filled:
        return Pick(None, SurvivorRule.NONE)
    best = max(filled, key=_rank)
    rejected = _others(filled, best.value)
    if not rejected:
        # One value: it stays whose it is, and what is known of it best is kept.
        return Pick(best.customer_id, SurvivorRule.SAME if len(filled) > 1 else SurvivorRule.ONLY)
    rivals = [one for one in filled if one.value != best.value]
    return Pick(best.customer_id, _reason(best, max(rivals, key=_rank)), rejected)


def _others(filled: Sequence[Candidate], value: Any) -> tuple[UUID, ...]:
    return tuple(one.customer_id for one in filled if one.value != value)


def _rank(one: Candidate) -> tuple[Any, ...]:
    # The smaller id is the older record.
    return (*(criterion(one) for _, criterion in _CRITERIA), -one.customer_id.int)


def _reason(best: Candidate, rival: Candidate) -> SurvivorRule:
    for rule, criterion in _CRITERIA:
        if criterion(best) != criterion(rival):
            return rule
    return SurvivorRule.SURVIVOR
