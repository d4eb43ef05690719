"""What the use cases of messages share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from custhub.features.messages.rules import Channel, Language
from custhub.features.messages.service.gates import Gates
from custhub.features.messages.service.metrics import MessageMetrics
from custhub.features.messages.service.suppressions import Suppressions
from custhub.features.messages.service.transport import Transport
from custhub.features.messages.vault import MessageVault
from custhub.kit.clock import Clock
from custhub.kit.db import Database
from custhub.kit.uow import Actor, UnitOfWork

#: Name among the parts of a hub.
MESSAGES: Final = "messages"

OpenUnitOfWork = Callable[[Actor, str], UnitOfWork]


@dataclass(frozen=True, slots=True)
class MessageParts:
    """The parts of one process. A channel without a transport keeps its messages until they expire."""

    database: Database
    clock: Clock
    vault: MessageVault
    suppressions: Suppressions
    gates: Gates
    transports: Mapping[Channel, Transport]
    metrics: MessageMetrics
    open_unit_of_work: OpenUnitOfWork
    #: What Message-IDs end in.
    domain: str
    language: Language
    country: str
    public_url: str
    #: What proves that a callback of a channel comes from its provider; empty: there are none.
    callback_secrets: Mapping[Channel, str]
    #: Set when there may be something to send.
    wake: asyncio.Event = field(default_factory=asyncio.Event)
