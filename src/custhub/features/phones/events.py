"""Facts about numbers that others hear of."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class ContactPointVerified(Event):
    """Somebody reached the customer at this number, or did not; `extra` says how it went."""

    __slots__ = ()
    type = "contact_point.verified"
    subject_type = "phone"
    prefix = Prefix.PHONE


class RevealQuotaNeared(Event):
    """A principal has used four fifths of the reveals it has for the day."""

    __slots__ = ()
    type = "reveal_quota.neared"
    subject_type = "principal"
    prefix = Prefix.USER
