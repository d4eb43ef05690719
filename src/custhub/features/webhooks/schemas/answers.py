"""Answers of webhook endpoints and deliveries: the documented models, and the views that build them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from custhub.features.webhooks.models import AttemptRow, DeliveryRow, SecretRow
from custhub.features.webhooks.queries import EndpointRecord
from custhub.features.webhooks.rules import (
    ActorKind,
    AttemptError,
    Bulk,
    DeliveryState,
    DisabledReason,
    EndpointState,
    Ordering,
    Payload,
)
from custhub.http.fields import INT32, ClientId, DeliveryId, EventId, Read, Revision, UserId, WebhookId
from custhub.kit.ids import Prefix, text_or_none, to_text

_Text = Annotated[str, StringConstraints(max_length=200)]
_Url = Annotated[str, StringConstraints(max_length=2048)]
_Name = Annotated[str, StringConstraints(max_length=100)]
_Count = Annotated[int, Field(ge=0, le=INT32, json_schema_extra={"format": "int32"})]
_Status = Annotated[int, Field(ge=100, le=999, json_schema_extra={"format": "int32"})]
_Cursor = Annotated[str, StringConstraints(max_length=500)]


class WebhookSecretState(Read):
    """A secret that signs, without the secret."""

    created_at: datetime
    expires_at: datetime | None = Field(description="When it stops signing; null for the newest")


class WebhookEndpointHealth(Read):
    """How an endpoint is doing."""

    consecutive_failures: _Count
    failing_since: datetime | None
    last_failure_at: datetime | None
    last_success_at: datetime | None


class WebhookFilterRead(Read):
    """Filters of an endpoint."""

    fields: Annotated[list[_Name], Field(max_length=50)]
    actor_kinds: Annotated[list[ActorKind], Field(max_length=4)]
    ignored_client_ids: Annotated[list[ClientId], Field(max_length=50)]


class WebhookEndpointRead(Read):
    """An address that events are told to."""

    id: WebhookId
    object: Literal["webhook_endpoint"]
    url: _Url
    description: _Text | None
    event_types: Annotated[list[_Name], Field(max_length=100)]
    filter: WebhookFilterRead
    payload: Payload
    ordering: Ordering
    bulk: Bulk
    scopes: Annotated[list[_Name], Field(max_length=100)] = Field(
        description="What full bodies are rendered with: the rights of who last changed the endpoint"
    )
    owner_id: UserId | None
    state: EndpointState
    disabled_reason: DisabledReason | None
    disabled_at: datetime | None
    secrets: Annotated[list[WebhookSecretState], Field(max_length=3)] = Field(description="Newest first")
    health: WebhookEndpointHealth
    created_at: datetime
    updated_at: datetime
    revision: Revision


class WebhookEndpointWithSecret(WebhookEndpointRead):
    """An endpoint with its new secret, shown this once."""

    secret: Annotated[str, StringConstraints(max_length=60)] | None = Field(
        description="`whsec_` and the key in base64; null in a replay of the request"
    )


class WebhookEndpointPage(Read):
    """A page of endpoints."""

    data: Annotated[list[WebhookEndpointRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class WebhookAttemptRead(Read):
    """One attempt to deliver."""

    object: Literal["webhook_attempt"]
    number: _Count
    at: datetime
    duration_ms: _Count | None = Field(description="Null where the process died before it could say")
    status: _Status | None
    error: AttemptError | None = Field(description="Null for success")
    address: Annotated[str, StringConstraints(max_length=45)] | None = Field(
        description="The network address that answered"
    )
    body_excerpt: Annotated[str, StringConstraints(max_length=1024)] | None
    body_withheld: bool = Field(description="Whether the answer is not shown because it came from a private address")


class WebhookDeliveryRead(Read):
    """One event on its way to one endpoint."""

    id: DeliveryId
    object: Literal["webhook_delivery"]
    endpoint_id: WebhookId
    event_id: EventId
    event_type: _Name
    subject_type: _Name
    subject_revision: Revision
    position: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]
    replay: _Count = Field(description="0 for the first delivery, else the number of the replay")
    state: DeliveryState
    attempts: _Count
    next_attempt_at: datetime | None
    last_status: _Status | None
    last_error: AttemptError | None
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


class WebhookDeliveryDetail(WebhookDeliveryRead):
    """A delivery with every attempt."""

    attempt_log: Annotated[list[WebhookAttemptRead], Field(max_length=1000)]


class WebhookDeliveryPage(Read):
    """A page of the delivery log."""

    data: Annotated[list[WebhookDeliveryRead], Field(max_length=200)]
    next_cursor: _Cursor | None
    has_more: bool


class WebhookRedeliveryRead(Read):
    """What a bulk redelivery took."""

    object: Literal["webhook_redelivery"]
    redelivered: _Count
    has_more: bool = Field(description="Whether more deliveries may meet the filters: call again")


def endpoint_view(record: EndpointRecord, secrets: Sequence[SecretRow], now: datetime) -> dict[str, Any]:
    """The body of an endpoint; of its secrets only those that still sign."""
    row, health = record.row, record.health
    live = [secret for secret in secrets if secret.expires_at is None or secret.expires_at > now]
    return {
        "id": to_text(Prefix.WEBHOOK, row.id),
        "object": "webhook_endpoint",
        "url": row.url,
        "description": row.description,
        "event_types": row.event_types,
        "filter": {
            "fields": row.filter["fields"],
            "actor_kinds": row.filter["actor_kinds"],
            "ignored_client_ids": [to_text(Prefix.CLIENT, UUID(text)) for text in row.filter["ignored_actors"]],
        },
        "payload": row.payload,
        "ordering": row.ordering,
        "bulk": row.bulk,
        "scopes": row.access["scopes"],
        "owner_id": text_or_none(Prefix.USER, row.owner_id),
        "state": row.state,
        "disabled_reason": row.disabled_reason,
        "disabled_at": row.disabled_at,
        "secrets": [{"created_at": secret.created_at, "expires_at": secret.expires_at} for secret in live],
        "health": {
            "consecutive_failures": health.failures,
            "failing_since": health.failing_since,
            "last_failure_at": health.failed_at,
            "last_success_at": health.succeeded_at,
        },
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "revision": row.revision,
    }


def endpoint_etag(view: dict[str, Any]) -> str:
    """The entity tag: the revision, and what else the body shows."""
    more = repr((view["health"], view["secrets"])).encode()
    return f'"{view["revision"]}-{hashlib.sha256(more).hexdigest()[:8]}"'


def delivery_view(row: DeliveryRow) -> dict[str, Any]:
    """The body of a delivery."""
    return {
        "id": to_text(Prefix.DELIVERY, row.id),
        "object": "webhook_delivery",
        "endpoint_id": to_text(Prefix.WEBHOOK, row.endpoint_id),
        "event_id": to_text(Prefix.EVENT, row.event_id),
        "event_type": row.event_type,
        "subject_type": row.subject_type,
        "subject_revision": row.subject_revision,
        "position": row.position,
        "replay": row.replay,
        "state": row.state,
        "attempts": row.attempts,
        "next_attempt_at": row.next_attempt_at,
        "last_status": row.last_status,
        "last_error": row.last_error,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "finished_at": row.finished_at,
    }


def attempt_view(row: AttemptRow) -> dict[str, Any]:
    """The body of an attempt."""
    return {
        "object": "webhook_attempt",
        "number": row.number,
        "at": row.at,
        "duration_ms": row.duration_ms,
        "status": row.status,
        "error": row.error,
        "address": row.address,
        "body_excerpt": row.excerpt,
        "body_withheld": row.is_withheld,
    }


def detail_view(row: DeliveryRow, attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    """The body of a delivery with its attempts."""
    return {**delivery_view(row), "attempt_log": [attempt_view(attempt) for attempt in attempts[-1000:]]}
