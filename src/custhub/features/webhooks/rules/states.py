"""The words of webhooks."""

from __future__ import annotations

from enum import StrEnum


class EndpointState(StrEnum):
    """Whether events are sent to an endpoint."""

    ACTIVE = "active"
    DISABLED = "disabled"


class DisabledReason(StrEnum):
    """Why an endpoint is disabled: by hand, it answered 410, or it failed for five days (W-5)."""

    MANUAL = "manual"
    GONE = "gone"
    FAILING = "failing"


class Payload(StrEnum):
    """What a body holds: ids and names of changed fields, or the resource as it is now too (E-5)."""

    THIN = "thin"
    FULL = "full"


class Ordering(StrEnum):
    """Whether later events of one subject wait for earlier ones (W-8)."""

    NONE = "none"
    SUBJECT = "subject"


class Bulk(StrEnum):
    """Whether an endpoint hears of each row of a bulk job, or of the job's summary alone (E-8)."""

    ALL = "all"
    SUMMARY = "summary"


class ActorKind(StrEnum):
    """Who caused an event."""

    USER = "user"
    CLIENT = "client"
    OPERATOR = "operator"
    SYSTEM = "system"


class DeliveryState(StrEnum):
    """Where a delivery is.

    `pending` waits for its next attempt, `sending` is under way, `delivered` was answered 2xx, `dead` is given up,
    `skipped` was never sent because its endpoint was disabled.
    """

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"
    SKIPPED = "skipped"


class AttemptError(StrEnum):
    """How an attempt failed (W-3, W-12); `lost`: the process that sent it died before it could say."""

    STATUS = "status"
    REDIRECT = "redirect"
    GONE = "gone"
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    BLOCKED = "destination_blocked"
    LOST = "lost"


class ReplayOnly(StrEnum):
    """Which events a replay sends: never delivered, given up, or every one (W-10)."""

    MISSING = "missing"
    FAILED = "failed"
    ALL = "all"
