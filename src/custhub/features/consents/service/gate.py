"""Marketing goes only to who agreed to it: asked right before a message leaves (M-4, S-82)."""

from __future__ import annotations

from datetime import datetime

from custhub.features.consents.queries import state_of
from custhub.features.consents.rules import ConsentStatus
from custhub.features.messages.rules import Category
from custhub.features.messages.service.gates import ALLOWED, Sending, Verdict
from custhub.kit.db import Database


class ConsentGate:
    """Allows marketing to a customer with a standing consent for purpose and channel, and refuses it to others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def judge(self, sending: Sending, now: datetime) -> Verdict | None:
        """What the ledger says; None where no consent is needed."""
        if sending.category is not Category.MARKETING or sending.purpose is None or sending.customer_id is None:
            return None
        state = await state_of(self._database, sending.customer_id, sending.purpose, sending.channel)
        granted = state is not None and state.status == ConsentStatus.GRANTED
        return ALLOWED if granted else Verdict("refuse", "no_consent")
