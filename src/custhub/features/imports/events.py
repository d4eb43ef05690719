"""Facts about imports that others hear of."""

from __future__ import annotations

from typing import Any, ClassVar

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_COUNTS: dict[str, dict[str, Any]] = {
    "created": {**_COUNT, "description": "Customers that were created", "examples": [950]},
    "updated": {**_COUNT, "description": "Customers that were changed", "examples": [20]},
    "unchanged": {**_COUNT, "description": "Rows that said nothing new", "examples": [10]},
    "refused": {**_COUNT, "description": "Rows whose values do not stand against what is known", "examples": [0]},
    "failed": {**_COUNT, "description": "Rows that break a rule", "examples": [20]},
    "skipped": {**_COUNT, "description": "Rows with nothing on them", "examples": [0]},
}


class ImportEvent(Event):
    """Something happened to an import."""

    __slots__ = ()
    subject_type = "import"
    prefix = Prefix.IMPORT
    path = "/v1/imports/{id}"


class ImportStartedEvent(ImportEvent):
    """An import was started."""

    __slots__ = ()
    type = "import.started"


class ImportCompleted(ImportEvent):
    """An import went through its whole file; the events of its rows carry the job as `bulk_id`."""

    __slots__ = ()
    type = "import.completed"
    members: ClassVar[Any] = _COUNTS


class ImportFailed(ImportEvent):
    """An import ended before the end of its file. What it had stored stays."""

    __slots__ = ()
    type = "import.failed"
    members: ClassVar[Any] = {
        **_COUNTS,
        "code": {"type": "string", "description": "Why", "maxLength": 60, "examples": ["integrity_error"]},
    }


class ImportTakenBack(ImportEvent):
    """An import was undone."""

    __slots__ = ()
    type = "import.undone"
    members: ClassVar[Any] = {
        "removed": {**_COUNT, "description": "Rows whose customers are gone again", "examples": [950]},
        "restored": {**_COUNT, "description": "Rows whose customers are as they were", "examples": [20]},
        "kept": {**_COUNT, "description": "Rows whose customers have changed since, and stay", "examples": [3]},
    }
