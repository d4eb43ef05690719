"""Tells the owners of webhook endpoints when those fail (W-5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.rules import WEBHOOK_DISABLED, WEBHOOK_FAILING, Recipient
from custhub.features.messages.service.sending import MessageService
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

#: Gives the address of a user who may log in; None where there is none to write to.
FindAddress = Callable[[Reader, UUID], Awaitable[str | None]]
_REASONS: Final = {"gone": "it answered 410", "failing": "it failed for five days", "manual": "somebody disabled it"}


class Endpoint(Protocol):
    """What of an endpoint its owner is told."""

    @property
    def id(self) -> UUID:
        """Which one."""

    @property
    def url(self) -> str:
        """Where it is; the path may hold a secret and is not told."""

    @property
    def disabled_reason(self) -> str | None:
        """Why it is disabled."""


class OwnerNotices:
    """Queues the mail in the unit of work that notes the failure."""

    def __init__(self, service: MessageService, find_address: FindAddress) -> None:
        self._service = service
        self._find = find_address

    async def __call__(self, uow: UnitOfWork, owner_id: UUID, notice: str, endpoint: Any) -> None:
        """Write to the owner, if he has an address. `notice` is `failing` or `disabled`."""
        row: Endpoint = endpoint
        address = await self._find(uow, owner_id)
        if address is None:
            return
        try:
            recipient = Recipient.email(address)
        except RecipientInvalid:
            return  # accounts take any name that looks like an address
        parameters = {
            "endpoint": to_text(Prefix.WEBHOOK, row.id),
            "host": urlsplit(row.url).hostname or "",
            "hub": self._service.parts.public_url,
        }
        kind = WEBHOOK_FAILING
        if notice == "disabled":
            kind = WEBHOOK_DISABLED
            parameters["reason"] = _REASONS.get(row.disabled_reason or "", "unknown")
        await self._service.send(uow, kind, [recipient], parameters)
