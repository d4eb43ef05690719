"""States and kinds of findings."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class FindingKind(StrEnum):
    """What a finding is about."""

    REFUSED_CHANGE = "refused_change"
    INVALID_PHONE = "invalid_phone"
    DEAD_PHONE = "dead_phone"
    MISSING = "missing"
    OUTDATED = "outdated"
    CONTRADICTORY = "contradictory"


class FindingState(StrEnum):
    """Where it stands: waiting, written, turned down, or closed by a scan that found its reason gone."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How much depends on it: the customer cannot be reached; a mistake is likely; it could be better."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Fix(StrEnum):
    """What accepting does: write a member, set the status of a number, put an address right, take a part away."""

    SET_FIELD = "set_field"
    SET_STATUS = "set_status"
    REPLACE = "replace"
    REMOVE = "remove"


#: Source of what scans find.
SCAN: Final = "scan"
