"""States and kinds of findings."""

from __future__ import annotations

from enum import StrEnum


class FindingKind(StrEnum):
    """What a finding is about."""

    REFUSED_CHANGE = "refused_change"


class FindingState(StrEnum):
    """Where it stands: waiting, written, or turned down."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
