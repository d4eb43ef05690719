"""Facts about exports that others hear of."""

from __future__ import annotations

from typing import Any, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix

_MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "format": {"type": "string", "description": "`csv`, `xlsx` or `ndjson`", "maxLength": 8, "examples": ["csv"]},
    "customers": {"type": "integer", "description": "How many are in it", "minimum": 0, "examples": [1042]},
    "unmasked": {"type": "boolean", "description": "Whether numbers are in it in full", "examples": [False]},
}


class ExportCompleted(Event):
    """An export is ready to be downloaded."""

    __slots__ = ()
    type = "export.completed"
    subject_type = "export"
    prefix = Prefix.EXPORT
    passing = True
    members = _MEMBERS
