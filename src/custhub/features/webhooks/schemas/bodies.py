"""Request bodies of webhook endpoints and deliveries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from custhub.features.webhooks.errors import WebhookReplayUnclear
from custhub.features.webhooks.rules import ActorKind, Bulk, DeliveryState, EndpointState, Ordering, Payload, ReplayOnly
from custhub.http.fields import LINE, Body, ClientId, EventId, Timestamp, UserId, WebhookId

#: More endpoints, patterns or names than anybody needs, few enough to be read with every batch of events.
MAX_PATTERNS = 100
MAX_FIELDS = 50
MAX_IGNORED = 50
INT63 = 9_223_372_036_854_775_807

Url = Annotated[str, StringConstraints(min_length=8, max_length=2048, pattern=r"^https?://[\x21-\x7e]+$")]
Pattern = Annotated[str, StringConstraints(max_length=80, pattern=r"^(\*|[a-z0-9_]+\.(\*|[a-z0-9_]+))$")]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern="^[a-z][a-z0-9_.]*$")]
Description = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
EventType = Annotated[str, StringConstraints(min_length=3, max_length=80, pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]


class WebhookFilter(Body):
    """Narrows the selected events; an empty list lets everything through."""

    fields: Annotated[list[FieldName], Field(max_length=MAX_FIELDS)] = Field(
        default=[], description="Only events that name one of these as changed; events that name none pass"
    )
    actor_kinds: Annotated[list[ActorKind], Field(max_length=len(ActorKind))] = Field(
        default=[], description="Only events that callers of these kinds caused"
    )
    ignored_client_ids: Annotated[list[ClientId], Field(max_length=MAX_IGNORED)] = Field(
        default=[], description="No events that these clients caused, such as the consumer itself"
    )


class WebhookEndpointCreate(Body):
    """An address to tell events to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"url": "https://hooks.example.com/custhub", "event_types": ["customer.*"], "description": "Billing"}
            ]
        }
    )

    url: Url = Field(description="https; http only where the configuration allows it. No user name, no private address")
    description: Description | None = None
    event_types: Annotated[list[Pattern], Field(min_length=1, max_length=MAX_PATTERNS)] = Field(
        description="Names of event types, `customer.*`, or `*`"
    )
    filter: WebhookFilter = WebhookFilter()
    payload: Payload = Field(default=Payload.THIN, description="`full` adds the resource, as far as your rights go")
    ordering: Ordering = Field(
        default=Ordering.NONE, description="`subject`: later events of one subject wait for earlier ones"
    )
    bulk: Bulk = Field(default=Bulk.ALL, description="`summary`: no events of single rows of bulk jobs")
    owner_id: UserId | None = Field(default=None, description="Who gets mail when it fails; by default you")


class WebhookEndpointPatch(Body):
    """What may change about an endpoint. Lists are replaced as a whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"event_types": ["*"], "description": None}]})

    url: Url = ""
    description: Description | None = None
    event_types: Annotated[list[Pattern], Field(min_length=1, max_length=MAX_PATTERNS)] = Field(default=[])
    filter: WebhookFilter = WebhookFilter()
    payload: Payload = Payload.THIN
    ordering: Ordering = Ordering.NONE
    bulk: Bulk = Bulk.ALL
    owner_id: UserId | None = None

    def changes(self) -> dict[str, Any]:
        """The members that were sent."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class WebhookSecretRotation(Body):
    """How long the secret before goes on signing."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_hours": 24}]})

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = Field(
        default=24, description="Hours in which messages carry both signatures"
    )


class WebhookReplayStart(Body):
    """Which events to send again: since a time, or from a position of the feed on."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-01-31T08:00:00Z", "only": "missing"}]})

    since: Timestamp | None = Field(default=None, description="Events that happened at or after this")
    from_position: Annotated[int, Field(ge=1, le=INT63)] | None = Field(
        default=None, description="Events from this position of the feed on"
    )
    until: Timestamp | None = Field(default=None, description="Events that happened before this; by default now")
    types: Annotated[list[Pattern], Field(max_length=MAX_PATTERNS)] = Field(
        default=[], description="Of the events that the endpoint selects, only these; by default all of them"
    )
    only: ReplayOnly = Field(
        default=ReplayOnly.MISSING,
        description="`missing`: never delivered, such as while disabled; `failed`: given up; `all`: every one",
    )

    @model_validator(mode="after")
    def _one_start(self) -> WebhookReplayStart:
        if (self.since is None) == (self.from_position is None):
            raise PydanticCustomError(WebhookReplayUnclear.code, "neither or both")
        return self


class WebhookRedelivery(Body):
    """Which deliveries to send again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"state": "dead", "since": "2026-01-31T08:00:00Z", "type": "customer.created"}]}
    )

    state: Literal[DeliveryState.DEAD, DeliveryState.SKIPPED, DeliveryState.DELIVERED] = Field(
        default=DeliveryState.DEAD, description="Deliveries in this state"
    )
    endpoint_id: WebhookId | None = Field(default=None, description="Deliveries to this endpoint")
    type: EventType | None = Field(default=None, description="Deliveries of events of this type")
    since: Timestamp | None = Field(default=None, description="Deliveries that were made at or after this")
    until: Timestamp | None = Field(default=None, description="Deliveries that were made before this")

    def filters(self) -> dict[str, Any]:
        """The filters of the statement."""
        given = {"endpoint": self.endpoint_id, "type": self.type, "since": self.since, "until": self.until}
        return {"state": self.state.value} | {name: value for name, value in given.items() if value is not None}


class _Listing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Rows per page")
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


class WebhookEndpointQuery(_Listing):
    """Which endpoints to list."""

    state: EndpointState | None = Field(default=None, description="Endpoints in this state")

    def filters(self) -> dict[str, Any]:
        """The filters of the statement."""
        return {} if self.state is None else {"state": self.state.value}


class WebhookDeliveryQuery(_Listing):
    """Which deliveries to list."""

    state: DeliveryState | None = Field(default=None, description="Deliveries in this state")
    endpoint: WebhookId | None = Field(default=None, description="Deliveries to this endpoint")
    event: EventId | None = Field(default=None, description="Deliveries of this event")
    type: EventType | None = Field(default=None, description="Deliveries of events of this type")
    since: Timestamp | None = Field(default=None, description="Deliveries that were made at or after this")

    def filters(self) -> dict[str, Any]:
        """The filters of the statement."""
        given = {name: getattr(self, name) for name in ("state", "endpoint", "event", "type", "since")}
        return {name: value for name, value in given.items() if value is not None}
