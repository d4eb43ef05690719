"""Facts about numbers that others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix, to_text


class ContactPointVerified(Event):
    """Somebody reached the customer at this number, or did not; `result` says how it went."""

    __slots__ = ()
    type = "contact_point.verified"
    subject_type = "phone"
    prefix = Prefix.PHONE
    path = "/v1/customers/{customer_id}/phones/{id}"
    members: ClassVar[Mapping[str, Any]] = {
        "result": {"type": "string", "maxLength": 40, "examples": ["reached_owner"]}
    }


class RevealQuotaNeared(Event):
    """A principal has used four fifths of the reveals it has for the day; `principal` is its kind."""

    __slots__ = ()
    type = "reveal_quota.neared"
    subject_type = "principal"
    prefix = Prefix.USER
    other_prefixes = (Prefix.CLIENT,)
    members: ClassVar[Mapping[str, Any]] = {
        "principal": {"type": "string", "maxLength": 12, "examples": ["user"]},
        "per_day": {"type": "integer", "minimum": 1, "examples": [100]},
    }

    @classmethod
    def subject_text(cls, subject_id: UUID, data: Mapping[str, Any]) -> str:
        """Users and clients reveal numbers."""
        return to_text(Prefix.USER if data.get("principal") == "user" else Prefix.CLIENT, subject_id)
