"""Facts about findings."""

from __future__ import annotations

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
    """A proposed value was accepted and written."""

    __slots__ = ()
    type = "finding.accepted"


class FindingRejected(FindingEvent):
    """A proposed value was rejected."""

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
