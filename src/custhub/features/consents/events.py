"""Facts about consents that others hear of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from custhub.events.envelope import Event
from custhub.features.consents.rules import ConsentStatus
from custhub.kit.ids import Prefix


class ConsentEvent(Event):
    """An entry came into the ledger; a later one of the same purpose and channel may count more."""

    __slots__ = ()
    subject_type = "consent"
    prefix = Prefix.CONSENT
    path = "/v1/consents/{id}"
    members: ClassVar[Mapping[str, Any]] = {
        "customer_id": {"type": "string", "maxLength": 30, "examples": ["cus_01m81amc1cfrnt9m7qcr38rxrh"]},
        "purpose": {"type": "string", "maxLength": 40, "examples": ["marketing"]},
        "channel": {"type": "string", "maxLength": 12, "examples": ["email"]},
        "captured_at": {"type": "string", "maxLength": 40, "examples": ["2026-01-31T08:00:00Z"]},
    }


class ConsentGranted(ConsentEvent):
    """A customer agreed."""

    __slots__ = ()
    type = "consent.granted"


class ConsentWithdrawn(ConsentEvent):
    """A customer took an agreement back."""

    __slots__ = ()
    type = "consent.withdrawn"


class ConsentDenied(ConsentEvent):
    """A customer did not agree."""

    __slots__ = ()
    type = "consent.denied"


class ConsentExpired(ConsentEvent):
    """An agreement ran out."""

    __slots__ = ()
    type = "consent.expired"


BY_STATUS: Mapping[str, type[ConsentEvent]] = {
    ConsentStatus.GRANTED: ConsentGranted,
    ConsentStatus.WITHDRAWN: ConsentWithdrawn,
    ConsentStatus.DENIED: ConsentDenied,
    ConsentStatus.EXPIRED: ConsentExpired,
}
