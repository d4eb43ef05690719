"""Facts about findings."""

from __future__ import annotations

from typing import Any, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class FindingEvent(Event):
    """Something happened to a finding."""

    __slots__ = ()
    subject_type = "finding"
    prefix = Prefix.FINDING
    path = "/v1/findings/{id}"
    example_fields = ("birthday",)


class FindingOpened(FindingEvent):
    """Something waits for a decision."""

    __slots__ = ()
    type = "finding.opened"


class FindingAccepted(FindingEvent):
    """A proposed fix was accepted and made."""

    __slots__ = ()
    type = "finding.accepted"


class FindingRejected(FindingEvent):
    """A finding was rejected."""

    __slots__ = ()
    type = "finding.rejected"


class FindingWithdrawn(FindingEvent):
    """It is gone undecided: what it was about was taken back, as the rows of an import are."""

    __slots__ = ()
    type = "finding.withdrawn"


class FindingUndone(FindingEvent):
    """A decision was taken back."""

    __slots__ = ()
    type = "finding.undone"


class FindingResolved(FindingEvent):
    """A scan found that the reason of a finding is gone."""

    __slots__ = ()
    type = "finding.resolved"


def _count(text: str, example: int) -> dict[str, Any]:
    return {"type": "integer", "description": text, "minimum": 0, "examples": [example]}


_COMPLETED: Final[dict[str, dict[str, Any]]] = {
    "customers": _count("Customers it looked at", 48_210),
    "opened": _count("Findings it opened", 312),
    "resolved": _count("Findings whose reason is gone", 87),
}


class QualityScanCompleted(Event):
    """A scan reached its end; each finding it opened or closed has an event of its own with this `bulk_id`."""

    __slots__ = ()
    type = "quality_scan.completed"
    subject_type = "quality_scan"
    prefix = Prefix.SCAN
    passing = True
    members = _COMPLETED
