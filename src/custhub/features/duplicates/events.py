"""Facts about pairs, scans and plans."""

from __future__ import annotations

from typing import Any, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


def _count(text: str, example: int) -> dict[str, Any]:
    return {"type": "integer", "description": text, "minimum": 0, "examples": [example]}


_DECIDED: Final[dict[str, dict[str, Any]]] = {
    "decision": {
        "type": "string",
        "description": "`merge`, `not_same` or `later`",
        "maxLength": 8,
        "examples": ["not_same"],
    },
    "left_id": {"type": "string", "maxLength": 30, "examples": ["cus_01m81amc1cfrnt9m7qcr38rxrh"]},
    "right_id": {"type": "string", "maxLength": 30, "examples": ["cus_01m81amc1cfrnt9m7qcr38rxrj"]},
}


class DuplicateDecided(Event):
    """Somebody decided about two customers that may be one."""

    __slots__ = ()
    type = "duplicate.decided"
    subject_type = "duplicate"
    prefix = Prefix.DUPLICATE
    path = "/v1/duplicates/{id}"
    members = _DECIDED


_SCANNED: Final[dict[str, dict[str, Any]]] = {
    "customers": _count("Customers it compared", 48_210),
    "pairs": _count("Pairs that may be one person", 312),
    "opened": _count("Pairs that are new", 41),
    "retired": _count("Pairs that are none any more", 7),
}


class DuplicateScanCompleted(Event):
    """A scan for duplicates reached its end."""

    __slots__ = ()
    type = "duplicate_scan.completed"
    subject_type = "duplicate_scan"
    prefix = Prefix.DUPLICATE_SCAN
    passing = True
    members = _SCANNED


_MODEL: Final[dict[str, dict[str, Any]]] = {
    "model_version": {"type": "string", "maxLength": 40, "examples": ["own-2026-11-23"]},
    "replaced_version": {"type": "string", "maxLength": 40, "examples": ["2026-11"]},
}


class DuplicateModelActivated(Event):
    """Everybody is scored by another model from now on."""

    __slots__ = ()
    type = "duplicate_model.activated"
    subject_type = "duplicate_model"
    prefix = Prefix.DUPLICATE_MODEL
    path = "/v1/duplicates/models/{id}"
    members = _MODEL


class _BulkMergeEvent(Event):
    __slots__ = ()
    subject_type = "bulk_merge"
    prefix = Prefix.BULK_MERGE
    passing = True


_JOINED: Final[dict[str, dict[str, Any]]] = {
    "merged": _count("Groups it joined", 118),
    "refused": _count("Groups it could not join", 2),
    "withheld": _count("Groups it left to people", 9),
}


class BulkMergeCompleted(_BulkMergeEvent):
    """A bulk merge reached its end; each merge has an event of its own with this `bulk_id`."""

    __slots__ = ()
    type = "bulk_merge.completed"
    members = _JOINED


_TAKEN_BACK: Final[dict[str, dict[str, Any]]] = {
    "undone": _count("Merges that were taken back", 117),
    "kept": _count("Merges that could not be taken back", 1),
}


class BulkMergeUndone(_BulkMergeEvent):
    """A bulk merge was undone."""

    __slots__ = ()
    type = "bulk_merge.undone"
    members = _TAKEN_BACK
