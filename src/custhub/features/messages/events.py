"""What became of messages, for others to hear: never to whom, never what."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix

_CHANNEL: Final[dict[str, Any]] = {"type": "string", "maxLength": 8, "examples": ["email"]}
_KIND: Final[dict[str, Any]] = {"type": "string", "maxLength": 40, "examples": ["webhook_endpoint_disabled"]}
_ERROR: Final[dict[str, Any]] = {"type": "string", "maxLength": 40, "examples": ["recipient_refused"]}
_MEMBERS: Final = MappingProxyType({"channel": _CHANNEL, "kind": _KIND})


class MessageEvent(Event):
    """Something happened to a message."""

    __slots__ = ()
    subject_type = "message"
    prefix = Prefix.MESSAGE
    path = "/v1/messages/{id}"
    passing = True  # the log of messages has its time; nobody keeps a copy of it
    members = _MEMBERS


class MessageQueued(MessageEvent):
    """A message is to be sent."""

    __slots__ = ()
    type = "message.queued"


class MessageSent(MessageEvent):
    """The provider took a message."""

    __slots__ = ()
    type = "message.sent"


class MessageDelivered(MessageEvent):
    """The provider says that a message arrived."""

    __slots__ = ()
    type = "message.delivered"


class MessageBounced(MessageEvent):
    """A message cannot reach its recipient; nothing is sent to that address any more."""

    __slots__ = ()
    type = "message.bounced"
    members = MappingProxyType({**_MEMBERS, "error": _ERROR})


class MessageFailed(MessageEvent):
    """A message was given up; `error` says why."""

    __slots__ = ()
    type = "message.failed"
    members = MappingProxyType({**_MEMBERS, "error": {**_ERROR, "examples": ["expired"]}})


class MessageLost(MessageEvent):
    """Whether the provider took a message is not known, and it is not sent again: its state is `unknown`."""

    __slots__ = ()
    type = "message.lost"
    members = MappingProxyType({**_MEMBERS, "error": {**_ERROR, "examples": ["in_doubt"]}})
