"""What becomes of a value that is sent for a customer who is there already."""

from __future__ import annotations

from enum import StrEnum


class MatchKind(StrEnum):
    """What may say that two records are one customer."""

    EXTERNAL_ID = "external_id"
    PHONE = "phone"
    EMAIL = "email"


class ConflictRule(StrEnum):
    """How a sent value meets the one that stands."""

    #: What is sent is written; parts are added.
    REPLACE = "replace"
    #: What stands stays, an empty field too.
    KEEP = "keep"
    #: Only what is empty is written; parts are added where there are none of their kind.
    FILL_EMPTY = "fill_empty"


def writes(rule: ConflictRule, *, is_empty: bool, is_older: bool) -> bool:
    """Whether a sent value is written. One that is older than what stands only fills what is empty."""
    if rule is ConflictRule.KEEP:
        return False
    return is_empty or (rule is ConflictRule.REPLACE and not is_older)
