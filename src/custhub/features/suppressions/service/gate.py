"""Nothing is sent to a suppressed number or mailbox: asked again right before a message leaves (M-4)."""

from __future__ import annotations

from datetime import datetime

from custhub.crypto.live import LiveKeys
from custhub.features.messages.rules import Category, Channel, Recipient
from custhub.features.messages.service.gates import Sending, Verdict
from custhub.features.suppressions.queries import hashes_among
from custhub.features.suppressions.service.screening import mailbox_hashes, number_hashes
from custhub.kit.db import Database
from custhub.kit.mailboxes import EmailInvalid, parse_email


class SuppressionGate:
    """Refuses whatever would reach somebody on the list; those who run the hub are not asked about."""

    def __init__(self, database: Database, keys: LiveKeys) -> None:
        self._database = database
        self._keys = keys

    async def judge(self, sending: Sending, now: datetime) -> Verdict | None:
        """A refusal for a suppressed recipient; None for others."""
        if sending.category is Category.OPERATOR:
            return None
        hashes = self._hashes(sending.recipient)
        found = await hashes_among(self._database, {digest for _, digest in hashes})
        return Verdict("refuse", "suppressed") if found else None

    def _hashes(self, recipient: Recipient) -> frozenset[tuple[int, bytes]]:
        if recipient.channel is Channel.SMS:
            return number_hashes(self._keys, recipient.address)
        try:
            folded = parse_email(recipient.address).folded
        except EmailInvalid:
            folded = recipient.folded
        return mailbox_hashes(self._keys, folded)
