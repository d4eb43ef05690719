"""Facts about bulk actions that others hear of; each customer's own change is told too (E-8)."""

from __future__ import annotations

from typing import Any, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


def _count(text: str, example: int) -> dict[str, Any]:
    return {"type": "integer", "description": text, "minimum": 0, "examples": [example]}


_ACTION: Final[dict[str, Any]] = {
    "type": "string",
    "description": "What was done: `assign_owner`, `add_tags` and so on",
    "maxLength": 24,
    "examples": ["assign_owner"],
}


class BulkActionEvent(Event):
    """Something happened to a bulk action."""

    __slots__ = ()
    subject_type = "bulk_action"
    prefix = Prefix.BULK_ACTION
    passing = True


_COMPLETED: Final[dict[str, dict[str, Any]]] = {
    "action": _ACTION,
    "changed": _count("Customers it changed", 480),
    "unchanged": _count("Customers that were so already", 15),
    "refused": _count("Customers it could not change", 5),
}
_UNDONE: Final[dict[str, dict[str, Any]]] = {
    "action": _ACTION,
    "restored": _count("Customers that are as they were", 478),
    "kept": _count("Customers that changed since and stay as they are", 2),
}


class BulkActionCompleted(BulkActionEvent):
    """A bulk action reached its end; each customer it changed has an event of its own with this `bulk_id`."""

    __slots__ = ()
    type = "bulk_action.completed"
    members = _COMPLETED


class BulkActionUndone(BulkActionEvent):
    """A bulk action was undone."""

    __slots__ = ()
    type = "bulk_action.undone"
    members = _UNDONE
