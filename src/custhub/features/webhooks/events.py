"""Facts about webhook endpoints that others hear of, and the ping of a test."""

from __future__ import annotations

from typing import Any, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix

_WHY: Final[dict[str, dict[str, Any]]] = {
    "reason": {"type": "string", "enum": ["failing", "gone", "manual"], "examples": ["failing"]}
}


class WebhookEndpointEvent(Event):
    """Something happened to a webhook endpoint."""

    __slots__ = ()
    subject_type = "webhook_endpoint"
    prefix = Prefix.WEBHOOK
    path = "/v1/webhook-endpoints/{id}"


class WebhookEndpointCreated(WebhookEndpointEvent):
    """An endpoint was set up."""

    __slots__ = ()
    type = "webhook_endpoint.created"


class WebhookEndpointUpdated(WebhookEndpointEvent):
    """An endpoint changed."""

    __slots__ = ()
    type = "webhook_endpoint.updated"
    example_fields = ("event_types", "url")


class WebhookEndpointDeleted(WebhookEndpointEvent):
    """An endpoint is gone."""

    __slots__ = ()
    type = "webhook_endpoint.deleted"
    gone = True


class WebhookEndpointEnabled(WebhookEndpointEvent):
    """Events are sent to an endpoint again."""

    __slots__ = ()
    type = "webhook_endpoint.enabled"


class WebhookEndpointDisabled(WebhookEndpointEvent):
    """Nothing is sent to an endpoint any more; `reason` says why."""

    __slots__ = ()
    type = "webhook_endpoint.disabled"
    members = _WHY


class WebhookSecretRotated(WebhookEndpointEvent):
    """An endpoint got another secret."""

    __slots__ = ()
    type = "webhook_endpoint.secret_rotated"


class WebhookEndpointPinged(WebhookEndpointEvent):
    """A test of an endpoint; it is sent to that endpoint alone and stands in no feed."""

    __slots__ = ()
    type = "webhook_endpoint.ping"
