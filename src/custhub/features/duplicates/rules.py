"""What pairs, decisions and plans may be, and bits as they are stored."""

from __future__ import annotations

from enum import StrEnum
from hashlib import blake2b
from typing import Final
from uuid import UUID

#: No group grows beyond this without a person (MATCHING 3).
MOST_RECORDS: Final = 12
_MILLI: Final = 1_000


class PairState(StrEnum):
    """Where a pair is: waiting, put off, decided, or no pair any more."""

    OPEN = "open"
    LATER = "later"
    MERGED = "merged"
    NOT_SAME = "not_same"
    RETIRED = "retired"


#: States in which somebody may still decide.
UNDECIDED: Final = (PairState.OPEN, PairState.LATER)


class Suggestion(StrEnum):
    """What the score suggests."""

    MERGE = "merge"
    REVIEW = "review"


class PairDecision(StrEnum):
    """What a person decides."""

    MERGE = "merge"
    NOT_SAME = "not_same"
    LATER = "later"


#: What becomes of a pair by each decision.
STATE_OF: Final = {
    PairDecision.MERGE: PairState.MERGED,
    PairDecision.NOT_SAME: PairState.NOT_SAME,
    PairDecision.LATER: PairState.LATER,
}


class DecisionReason(StrEnum):
    """Why; what weights are estimated from later knows the case by it."""

    SAME_PERSON = "same_person"
    HOUSEHOLD = "household"
    NAMESAKE = "namesake"
    SHARED_CONTACT = "shared_contact"
    DATA_ERROR = "data_error"
    UNCLEAR = "unclear"
    OTHER = "other"


class ModelState(StrEnum):
    """Where a model is; one is active."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RETIRED = "retired"


class GroupState(StrEnum):
    """What becomes of a group of a plan."""

    PLANNED = "planned"
    WITHHELD = "withheld"
    MERGED = "merged"
    REFUSED = "refused"
    UNDONE = "undone"
    KEPT = "kept"


class Withheld(StrEnum):
    """Why a group is left to people."""

    NOT_SAME = "not_same"
    CONFIRMED = "both_confirmed"


#: Why a group of a plan is not joined after all: somebody changed a customer meanwhile.
CHANGED_SINCE: Final = "changed_since"


def millibits(bits: float) -> int:
    """Bits as they are stored: in thousandths, so that pages and sums are exact."""
    return round(bits * _MILLI)


def bits_of(stored: int) -> float:
    """Stored bits as they are told."""
    return stored / _MILLI


def probability(stored: int) -> float:
    """The chance of one person, 0 to 1, of a stored total."""
    bits = max(-60.0, min(60.0, stored / _MILLI))
    return round(float(1 / (1 + 2.0**-bits)), 6)


def cluster_of(first: UUID) -> UUID:
    """The id of the group whose first record this is: the same in every scan, and no customer's."""
    return UUID(bytes=blake2b(b"duplicates:" + first.bytes, digest_size=16).digest())
