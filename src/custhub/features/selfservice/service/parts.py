"""What the use cases of self-service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from custhub.crypto.live import LiveKeys
from custhub.features.customers.service.standards import Standards
from custhub.features.messages.service.parts import MessageParts
from custhub.kit.uow import Actor, UnitOfWork
from custhub.settings import Settings

#: Name among the parts of a hub.
SELF_SERVICE: Final = "self_service"


@dataclass(frozen=True, slots=True)
class SelfServiceParts:
    """The parts of one process."""

    settings: Settings
    keys: LiveKeys
    standards: Standards
    messages: MessageParts
    open_unit_of_work: Callable[[Actor, str], UnitOfWork]
