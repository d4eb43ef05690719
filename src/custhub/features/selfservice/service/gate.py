"""A reminder leaves only while its link still waits (M-4)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from custhub.features.messages.service.gates import Sending, Verdict
from custhub.features.selfservice.queries import link_of_reminder
from custhub.features.selfservice.rules import REMINDER_KIND, LinkState, state_of
from custhub.kit.db import Database

_NOT_NEEDED: Final = Verdict("refuse", "not_needed")


class ReminderGate:
    """Refuses reminders of links that were used or revoked, or have expired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def judge(self, sending: Sending, now: datetime) -> Verdict | None:
        """A refusal where nobody needs to be reminded; None for all others."""
        if sending.kind != REMINDER_KIND.name:
            return None
        row = await link_of_reminder(self._database, sending.message_id)
        is_open = row is not None and state_of(row.state, row.expires_at, now) is LinkState.OPEN
        return None if is_open else _NOT_NEEDED
