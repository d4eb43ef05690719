"""How far two words are from each other: slips of the finger, not other words."""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA


def slips_allowed(length: int) -> int:
    """How many edits a word of this length may have and still be meant."""
    if length < 4:
        return 0
    return 1 if length < 7 else 2 if length < 10 else 3


@lru_cache(maxsize=200_000)
def is_slip(left: str, right: str) -> bool:
    """Whether one word is the other with a few letters wrong, missing, doubled or swapped."""
    allowed = slips_allowed(max(len(left), len(right)))
    return bool(allowed) and OSA.distance(left, right, score_cutoff=allowed) <= allowed


def is_one_edit(left: str, right: str) -> bool:
    """Whether one character is wrong, missing, added, or two neighbours are swapped."""
    return abs(len(left) - len(right)) <= 1 and OSA.distance(left, right, score_cutoff=1) <= 1
