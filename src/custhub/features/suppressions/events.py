"""Facts about the suppression list that others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix

_MEMBERS: Mapping[str, Any] = {
    "kind": {"type": "string", "maxLength": 20, "examples": ["do_not_contact"]},
    "channel": {"type": "string", "maxLength": 8, "examples": ["phone"]},
}


class SuppressionEvent(Event):
    """Something happened to an entry of the suppression list. Whose number it is stands nowhere."""

    __slots__ = ()
    subject_type = "suppression"
    prefix = Prefix.SUPPRESSION
    path = "/v1/suppressions/{id}"
    members: ClassVar[Mapping[str, Any]] = _MEMBERS


class SuppressionAdded(SuppressionEvent):
    """A number or mailbox came on the suppression list."""

    __slots__ = ()
    type = "suppression.added"


class SuppressionWasLifted(SuppressionEvent):
    """An entry of the suppression list was lifted."""

    __slots__ = ()
    type = "suppression.lifted"
