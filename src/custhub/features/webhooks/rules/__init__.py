"""What webhooks promise, without a database: states, schedule, signatures, health, selection."""

from custhub.features.webhooks.rules.health import Health
from custhub.features.webhooks.rules.schedule import ATTEMPTS, next_delay, retry_after_seconds
from custhub.features.webhooks.rules.selection import EventLike, Selection, is_covered
from custhub.features.webhooks.rules.signing import key_of, new_secret, signature
from custhub.features.webhooks.rules.states import (
    ActorKind,
    AttemptError,
    Bulk,
    DeliveryState,
    DisabledReason,
    EndpointState,
    Ordering,
    Payload,
    ReplayOnly,
)

__all__ = [
    "ATTEMPTS",
    "ActorKind",
    "AttemptError",
    "Bulk",
    "DeliveryState",
    "DisabledReason",
    "EndpointState",
    "EventLike",
    "Health",
    "Ordering",
    "Payload",
    "ReplayOnly",
    "Selection",
    "is_covered",
    "key_of",
    "new_secret",
    "next_delay",
    "retry_after_seconds",
    "signature",
]
