"""Facts about intake that others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class TouchpointRecorded(Event):
    """A form or device sent something in about a customer."""

    __slots__ = ()
    type = "touchpoint.recorded"
    subject_type = "touchpoint"
    prefix = Prefix.TOUCHPOINT
    passing = True
    example_fields = ("display_name", "phones")
    members: ClassVar[Mapping[str, Any]] = {
        "customer_id": {"type": "string", "maxLength": 30, "examples": ["cus_01m81amc1cfrnt9m7qcr38rxrh"]},
        "source": {"type": "string", "maxLength": 40, "examples": ["web"]},
        "outcome": {"type": "string", "maxLength": 10, "examples": ["created"]},
        "occurred_at": {"type": "string", "maxLength": 40, "examples": ["2026-01-31T08:00:00Z"]},
    }
