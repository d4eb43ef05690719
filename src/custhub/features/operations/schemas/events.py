"""Events, their types and their checksum as the API shows them."""

from __future__ import annotations

import inspect
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.events.catalogue import data_schema, example
from custhub.events.envelope import Event
from custhub.features.operations.queries.events import FeedState
from custhub.http.fields import INT32, EventId, Read

_INT64 = 2**53 - 1
_Epoch = Annotated[int, Field(ge=1, le=INT32, json_schema_extra={"format": "int32"})]
_Position = Annotated[int, Field(ge=0, le=_INT64, json_schema_extra={"format": "int64"})]
_Revision = Annotated[int, Field(ge=1, le=INT32, json_schema_extra={"format": "int32"})]
_TypeName = Annotated[str, StringConstraints(min_length=3, max_length=80, pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]
_Name40 = Annotated[str, StringConstraints(max_length=40)]
_Id = Annotated[str, StringConstraints(max_length=40)]
_Cursor = Annotated[str, StringConstraints(max_length=500)]


class TrackedType(StrEnum):
    """Types of subjects of which a consumer can keep a copy: every change is told, from the first on."""

    CLIENT = "client"
    CUSTOMER = "customer"
    TEAM = "team"
    USER = "user"


class EventListQuery(BaseModel):
    """Filters are ANDed; several types are ORed."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Events per page")
    cursor: _Cursor | None = Field(default=None, description="`next_cursor` of the page before; none for the start")
    type: Annotated[list[_TypeName], Field(max_length=20)] = Field(
        default=[], description="Only events of these types; repeat it for several"
    )

    def types(self) -> list[str]:
        """The types asked for, once each."""
        return sorted(set(self.type))


class ChecksumQuery(BaseModel):
    """What to tell the state of."""

    model_config = ConfigDict(extra="forbid")

    type: TrackedType = Field(description="Type of subject")


class EventSubjectRead(Read):
    """What it happened to. Drop an event whose `revision` is lower than the one you have."""

    type: _Name40
    id: _Id
    revision: _Revision


class EventActorRead(Read):
    """Who did it. `id` is null for the hub itself and for unknown callers."""

    kind: Annotated[str, StringConstraints(max_length=12)]
    id: _Id | None


class EventRead(Read):
    """Something that happened, as webhooks send it too."""

    id: EventId
    type: Annotated[str, StringConstraints(max_length=80)]
    timestamp: datetime = Field(description="When it happened")
    schema_version: _Epoch
    epoch: _Epoch = Field(description="Life of the feed; a restore begins another one")
    position: _Position = Field(description="Place in the feed, rising without a gap")
    subject: EventSubjectRead
    actor: EventActorRead
    request_id: Annotated[str, StringConstraints(max_length=64)]
    data: dict[str, Any] = Field(description="As the type's `data_schema` says; ids and names, never contents")


class EventPage(Read):
    """A page of the feed. `next_cursor` is never null: at the end it finds what comes later."""

    data: Annotated[list[EventRead], Field(max_length=200)]
    next_cursor: _Cursor
    has_more: bool


class EventTypeRead(Read):
    """A type of event. Within a `schema_version` members are only ever added."""

    object: Literal["event_type"]
    name: Annotated[str, StringConstraints(max_length=80)]
    description: Annotated[str, StringConstraints(max_length=500)]
    schema_version: _Epoch
    subject_type: _Name40
    data_schema: dict[str, Any] = Field(description="JSON Schema (draft 2020-12) of `data`")
    example: EventRead


class EventTypePage(Read):
    """Every type of event, by name; one page holds them all."""

    data: Annotated[list[EventTypeRead], Field(max_length=1000)]
    next_cursor: _Cursor | None
    has_more: bool


class EventChecksumRead(Read):
    """The state of all live subjects of a type, as of a position.

    `checksum` is the sum of SHA-256(`<id> <revision>`) over them, modulo 2^256, in hexadecimal: the order does not
    matter, so a consumer can keep it up to date with each event.
    """

    object: Literal["event_checksum"]
    type: TrackedType
    epoch: _Epoch
    position: _Position
    count: _Position
    checksum: Annotated[str, StringConstraints(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")]


def type_view(kind: type[Event]) -> dict[str, Any]:
    """One type of event."""
    return {
        "object": "event_type",
        "name": kind.type,
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "schema_version": kind.schema_version,
        "subject_type": kind.subject_type,
        "data_schema": data_schema(kind),
        "example": example(kind),
    }


def checksum_view(subject_type: TrackedType, state: FeedState) -> dict[str, Any]:
    """The state of one type of subject."""
    return {
        "object": "event_checksum",
        "type": subject_type,
        "epoch": state.epoch,
        "position": state.position,
        "count": state.live or 0,
        "checksum": (state.checksum or bytes(32)).hex(),
    }
