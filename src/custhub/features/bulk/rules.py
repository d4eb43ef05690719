"""Names of bulk actions, and of what becomes of each customer."""

from __future__ import annotations

from enum import StrEnum


class ActionType(StrEnum):
    """What is done to each customer."""

    ASSIGN_OWNER = "assign_owner"
    ASSIGN_TEAM = "assign_team"
    SET_STAGE = "set_stage"
    ADD_TAGS = "add_tags"
    REMOVE_TAGS = "remove_tags"
    ARCHIVE = "archive"
    RESTORE = "restore"
    REASSIGN_LEAVER = "reassign_leaver"


class RowOutcome(StrEnum):
    """What became of a customer."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class UndoOutcome(StrEnum):
    """What became of it in the undo."""

    RESTORED = "restored"
    KEPT = "kept"


#: Why an undo left a customer as it is, where no rule refused it.
CHANGED_SINCE = "changed_since"
