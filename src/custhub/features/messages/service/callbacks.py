"""What providers report of messages they took (M-4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from custhub.features.messages.errors import CallbackRefused
from custhub.features.messages.models import MessageRow
from custhub.features.messages.queries import id_by_provider, message_by_id
from custhub.features.messages.rules import (
    STATE_OF,
    TRANSITIONS,
    Channel,
    MessageState,
    ReportStatus,
    is_from_provider,
)
from custhub.features.messages.service.parts import MessageParts
from custhub.features.messages.service.settling import Settling
from custhub.features.messages.service.suppressions import BOUNCED, COMPLAINED
from custhub.kit.ids import Prefix, from_text
from custhub.kit.uow import UnitOfWork

log = logging.getLogger("custhub.messages")

_REASONS = {ReportStatus.BOUNCED: BOUNCED, ReportStatus.COMPLAINED: COMPLAINED}


class Callbacks:
    """Takes reports of providers into a unit of work. A report that says nothing new changes nothing."""

    def __init__(self, parts: MessageParts, uow: UnitOfWork) -> None:
        self._parts = parts
        self._uow = uow

    def authenticate(self, channel: Channel, headers: Mapping[str, str], body: bytes) -> None:
        """Raise CallbackRefused unless the provider of this channel sent these very bytes."""
        secret = self._parts.callback_secrets.get(channel, "")
        if not is_from_provider(secret, headers, body, self._parts.clock.now()):
            raise CallbackRefused

    async def report(self, channel: Channel, reference: str, status: ReportStatus, error: str | None) -> None:
        """Note what became of the message that the provider knows by `reference`, its name for it or ours."""
        message_id = await self._find(channel, reference)
        row = None if message_id is None else await message_by_id(self._uow, message_id, locking=self._uow.locking)
        if row is None or row.channel != channel or row.attempts == 0:
            log.warning("report of an unknown message", extra={"kind": channel.value})
            return
        reason = _REASONS.get(status)
        if reason is not None:
            await self._suppress(row, reason)
        state = STATE_OF[status]
        if (MessageState(row.state), state) not in TRANSITIONS:
            return
        values: dict[str, Any] = {"error": None}
        if state is MessageState.DELIVERED:
            values |= {"delivered_at": self._uow.now, "sent_at": row.sent_at or self._uow.now}
        else:
            values["error"] = error or f"reported_{status.value}"
        Settling(self._parts).move(self._uow, row, state, values)

    async def _find(self, channel: Channel, reference: str) -> UUID | None:
        text = reference.strip("<>").partition("@")[0]
        try:
            return from_text(Prefix.MESSAGE, text)
        except ValueError:
            return await id_by_provider(self._parts.database, channel.value, reference)

    async def _suppress(self, row: MessageRow, reason: str) -> None:
        if self._uow.locking:
            # A second run: the first one has done it, and this one may hold the only connection that writes.
            return
        (recipient,) = await self._parts.vault.recipients([row])
        if recipient is not None:
            await self._parts.suppressions.add(recipient, reason, self._uow.now)
