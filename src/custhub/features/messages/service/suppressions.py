"""Addresses that refused for good: nobody writes to them again (M-3), until somebody knows better."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from custhub.crypto.live import LiveKeys
from custhub.features.messages.queries import suppression_of
from custhub.features.messages.repository import lift, suppress
from custhub.features.messages.rules import Channel, Recipient
from custhub.features.messages.service.gates import Sending, Verdict
from custhub.kit.db import Database
from custhub.kit.uow import Note, UnitOfWork

BOUNCED: Final = "bounced"
COMPLAINED: Final = "complained"


class Suppressions:
    """The list, and the gate before it. It holds keyed hashes only."""

    def __init__(self, database: Database, keys: LiveKeys) -> None:
        self._database = database
        self._keys = keys

    async def judge(self, sending: Sending, now: datetime) -> Verdict | None:
        """Refuse what goes to an address of the list."""
        reason = await suppression_of(self._database, list(self._hashes(sending.recipient).values()))
        return None if reason is None else Verdict("refuse", "suppressed")

    async def add(self, recipient: Recipient, reason: str, now: datetime) -> None:
        """Never write there again. In a transaction of its own: it is true whatever becomes of the message."""
        async with self._database.transaction() as connection:
            await suppress(self._database, connection, self._hashes(recipient), recipient.channel, reason, now)

    async def lift(self, uow: UnitOfWork, recipient: Recipient) -> bool:
        """Write there again; whether it was on the list."""
        hashes = self._hashes(recipient)
        if await suppression_of(uow, list(hashes.values())) is None:
            return False
        lift(uow, hashes)
        uow.audit(Note("message_suppression.lifted", "message_suppression", None, fields=[recipient.channel]))
        return True

    def _hashes(self, recipient: Recipient) -> dict[int, bytes]:
        hashes = self._keys.suppressions
        if recipient.channel is Channel.SMS:
            return hashes.of(recipient.folded)
        return hashes.of_mailbox(recipient.folded)
