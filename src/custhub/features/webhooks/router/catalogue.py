"""The `webhooks` section of the document: one entry for each type of event, with the headers it comes with (J3)."""

import inspect
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import FastAPI, Header
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model
from pydantic.json_schema import WithJsonSchema

from custhub.events.catalogue import data_schema, example, types
from custhub.events.envelope import Event
from custhub.features.operations.schemas.events import EventActorRead, EventSubjectRead
from custhub.http.fields import INT32, EventId
from custhub.http.openapi import SHOWN_ON_REQUEST

_Signature = Annotated[
    str,
    Header(
        alias="webhook-signature",
        max_length=400,
        description="One or more of `v1,` and the base64 HMAC-SHA-256 over `id.timestamp.body`, by spaces apart",
        examples=["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    ),
]
_Id = Annotated[
    str,
    Header(
        alias="webhook-id",
        max_length=30,
        description="The event's id, the same in every attempt, redelivery and replay",
    ),
]
_Timestamp = Annotated[
    int, Header(alias="webhook-timestamp", ge=0, le=2**53 - 1, description="Unix seconds of this attempt")
]
_Delivery = Annotated[
    str, Header(alias="custhub-delivery-id", max_length=30, description="The delivery, for the delivery log")
]
_Attempt = Annotated[int, Header(alias="custhub-attempt", ge=1, le=INT32, description="Number of this attempt")]
_Replay = Annotated[
    int, Header(alias="custhub-replay", ge=0, le=INT32, description="0, or the number of the replay it belongs to")
]


class EventEnvelope(BaseModel):
    """What is sent. Later versions add members: ignore what you do not know."""

    model_config = ConfigDict(frozen=True)

    id: EventId
    type: Annotated[str, StringConstraints(max_length=80)]
    timestamp: datetime = Field(description="When it happened")
    schema_version: Annotated[int, Field(ge=1, le=INT32)]
    epoch: Annotated[int, Field(ge=1, le=INT32)] | None = Field(description="Null in a ping")
    position: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = Field(description="Place in the feed; null in a ping")
    subject: EventSubjectRead
    actor: EventActorRead
    request_id: Annotated[str, StringConstraints(max_length=64)]


def event_model(kind: type[Event]) -> type[EventEnvelope]:
    """The model of deliveries of one type of event."""
    name = "".join(word.capitalize() for word in kind.type.replace(".", "_").split("_"))
    schema = data_schema(kind)
    required = set(schema["required"])
    members: dict[str, Any] = {
        member: (_member(part, required=member in required), ... if member in required else None)
        for member, part in schema["properties"].items()
    }
    data = create_model(f"{name}Data", __doc__=f"What `{kind.type}` says.", **members)
    return create_model(
        f"{name}Event",
        __base__=EventEnvelope,
        __cls_kwargs__={"json_schema_extra": {"examples": [example(kind)]}},
        __doc__=inspect.cleandoc(kind.__doc__ or ""),
        type=(cast(Any, Literal[kind.type]), ...),
        data=(data, ...),
        truncated=(Annotated[bool, Field(json_schema_extra=SHOWN_ON_REQUEST)], False),
    )


def declare_webhooks(api: FastAPI) -> None:
    """Add an entry for every type of event to the document."""
    for kind in types():
        model = event_model(kind)
        api.webhooks.post(
            kind.type,
            tags=["webhooks"],
            name=f"send_{kind.type.replace('.', '_')}",
            response_description="Taken. Any 2xx within 15 seconds is success; 410 disables the endpoint.",
        )(_receiver(model, kind))


def _member(part: dict[str, Any], *, required: bool) -> Any:  # an annotated type
    return Annotated[Any, WithJsonSchema(part if required else {**part, **SHOWN_ON_REQUEST})]


def _receiver(model: type[EventEnvelope], kind: type[Event]) -> Callable[..., Awaitable[None]]:
    async def receive(
        body: Any,
        webhook_id: _Id,
        webhook_timestamp: _Timestamp,
        webhook_signature: _Signature,
        custhub_delivery_id: _Delivery,
        custhub_attempt: _Attempt,
        custhub_replay: _Replay,
    ) -> None: ...

    receive.__annotations__["body"] = model
    receive.__name__ = f"send_{kind.type.replace('.', '_')}"
    receive.__doc__ = inspect.cleandoc(kind.__doc__ or "")
    return receive
