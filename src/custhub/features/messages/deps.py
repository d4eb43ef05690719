"""Scopes and services of the routes of messages."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request, Security

from custhub.features.messages.rules import Channel
from custhub.features.messages.service.callbacks import Callbacks
from custhub.features.messages.service.parts import MESSAGES, MessageParts
from custhub.http.deps import door
from custhub.http.hub import call_of
from custhub.security.principal import Principal
from custhub.security.scopes import Scope

CanRead = Annotated[Principal, Security(door, scopes=[Scope.JOBS_MANAGE])]


OfChannel = Annotated[Channel, Path(description="What the provider carries")]


async def parts(request: Request) -> MessageParts:
    """The parts of this hub."""
    made: MessageParts = call_of(request).hub.parts[MESSAGES]
    return made


async def from_provider(request: Request, channel: OfChannel) -> Callbacks:
    """Reports of a channel's provider. Raises CallbackRefused."""
    call = call_of(request)
    callbacks = Callbacks(call.hub.parts[MESSAGES], call.unit_of_work())
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in call.headers.items()}
    callbacks.authenticate(channel, headers, await request.body())
    return callbacks


Parts = Annotated[MessageParts, Depends(parts)]
FromProvider = Annotated[Callbacks, Depends(from_provider)]
