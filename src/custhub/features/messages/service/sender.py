"""Sends what is due: reserve, ask again who may be written to, commit `sending`, hand over, store the end (M-1)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from custhub.crypto.errors import IntegrityError, KeyUnavailable
from custhub.features.messages.models import MessageRow
from custhub.features.messages.queries import message_by_id, overdue_messages
from custhub.features.messages.repository import MessageRepository, begin, release_all, reserve
from custhub.features.messages.rules import (
    Category,
    Channel,
    Content,
    Ending,
    MessageState,
    Outcome,
    Recipient,
)
from custhub.features.messages.service.gates import Sending
from custhub.features.messages.service.parts import MessageParts
from custhub.features.messages.service.settling import EXPIRED, IN_DOUBT, Settling
from custhub.features.messages.service.suppressions import BOUNCED
from custhub.features.messages.service.transport import Parcel, Transport
from custhub.kit.db import DatabaseUnavailable, DiskFull
from custhub.kit.db_clock import database_now
from custhub.kit.ids import new_id
from custhub.kit.uow import SYSTEM, UnitOfWork
from custhub.kit.writes import LostRace

log = logging.getLogger("custhub.messages")

#: Nobody else takes up what is reserved for so long.
_RESERVED: Final = timedelta(seconds=60)
#: An attempt that has not ended so long after its deadline belongs to a process that is gone.
_GRACE: Final = timedelta(seconds=30)
_NOT_CONFIGURED: Final = timedelta(minutes=5)
_ROWS: Final = 100
_TRIES: Final = 8
_PAUSE_SECONDS: Final = 0.5


class Sender:
    """The work of one process on the queue; any number of processes may do it."""

    def __init__(self, parts: MessageParts) -> None:
        self._parts = parts
        self._settling = Settling(parts)
        self._told: set[Channel] = set()

    async def recover(self) -> None:
        """Take up what a former process had in hand. Only where this one owns the database alone (R-4)."""
        database = self._parts.database
        now = await database_now(database, self._parts.clock)
        async with database.transaction() as connection:
            await release_all(database, connection, now)
        await self._reap(now + timedelta(days=365), now)

    async def reap(self) -> None:
        """Settle attempts whose process is gone: again where that does no harm, else unknown (M-2)."""
        now = await database_now(self._parts.database, self._parts.clock)
        await self._reap(now, now)

    async def reserve(self, channel: Channel, rows: int) -> list[MessageRow]:
        """Due messages, for this process alone for a minute."""
        database = self._parts.database
        async with database.transaction() as connection:
            now = await database_now(connection, self._parts.clock)
            return await reserve(database, connection, channel.value, new_id(), now, now + _RESERVED, rows)

    async def deliver(self, row: MessageRow) -> None:
        """Send one reserved message, if it still may be sent."""
        try:
            recipient, content = await self._parts.vault.open(row)
        except KeyUnavailable:
            return  # the reservation runs out, and keys come back
        except IntegrityError:
            log.error("message does not open", extra={"kind": row.kind, "request_id": row.request_id})
            await self._give_up(row, "unreadable")
            return
        now = await database_now(self._parts.database, self._parts.clock)
        transport = await self._ready(row, recipient, now)
        if transport is None:
            return
        until = now + timedelta(seconds=transport.deadline_seconds) + _GRACE
        database = self._parts.database
        async with database.transaction() as connection:
            began = await begin(database, connection, row, until, self._parts.clock.now())
        if not began:
            return
        outcome = await self._hand_over(transport, row, recipient, content)
        if outcome.ending is Ending.BOUNCED:
            await self._parts.suppressions.add(recipient, BOUNCED, self._parts.clock.now())
        await self._store(row, outcome)

    async def _ready(self, row: MessageRow, recipient: Recipient, now: datetime) -> Transport | None:
        """What carries it, now; None where it is not to leave now, or never."""
        if now >= row.expires_at:
            await self._give_up(row, EXPIRED)
            return None
        channel = Channel(row.channel)
        sending = Sending(row.id, channel, row.kind, Category(row.category), row.purpose, row.customer_id, recipient)
        verdict = await self._parts.gates.judge(sending, now)
        if verdict.decision == "refuse":
            await self._give_up(row, verdict.reason)
            return None
        transport = self._parts.transports.get(channel)
        if verdict.decision == "defer" and verdict.until is not None:
            await self._postpone(row, verdict.reason, verdict.until)
            return None
        if transport is None:
            if channel not in self._told:
                self._told.add(channel)
                log.error("messages wait: the channel is not configured", extra={"kind": channel.value})
            await self._postpone(row, "channel_not_configured", now + _NOT_CONFIGURED)
        return transport

    async def _hand_over(
        self, transport: Transport, row: MessageRow, recipient: Recipient, content: Content
    ) -> Outcome:
        parcel = Parcel(row.id, row.provider_key, recipient, content, row.language)
        try:
            return await transport.deliver(parcel)
        except Exception:
            # A mistake of ours: how far it came is not known.
            log.exception("transport failed", extra={"kind": row.channel, "request_id": row.request_id})
            return Outcome(Ending.IN_DOUBT, "transport_failed")

    async def _give_up(self, row: MessageRow, error: str) -> None:
        with suppress(LostRace):
            uow = self._work(row)
            self._settling.move(uow, row, MessageState.FAILED, {"error": error})
            await uow.commit()

    async def _postpone(self, row: MessageRow, error: str, until: datetime) -> None:
        if until >= row.expires_at:
            await self._give_up(row, EXPIRED)
            return
        with suppress(LostRace):
            uow = self._work(row)
            values = {"error": error, "attempt_id": None, "next_attempt_at": until}
            MessageRepository(uow).change(row, values)
            await uow.commit()

    async def _store(self, row: MessageRow, outcome: Outcome) -> None:
        """Until it is stored, for a while: what is not stored becomes unknown."""
        for left in reversed(range(_TRIES)):
            try:
                if await self._conclude(row, outcome):
                    return
            except LostRace:
                continue
            except (DatabaseUnavailable, DiskFull):
                if not left:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _conclude(self, row: MessageRow, outcome: Outcome) -> bool:
        """Store it over what stands there now; whether there is nothing left to do."""
        found = await message_by_id(self._parts.database, row.id)
        if found is None or found.attempt_id != row.attempt_id:
            return True  # erased, or somebody else's attempt
        if found.state == MessageState.UNKNOWN and outcome.ending in (Ending.RETRY, Ending.IN_DOUBT):
            return True
        if found.state not in (MessageState.SENDING, MessageState.UNKNOWN):
            return True  # the provider's report came first
        now = await database_now(self._parts.database, self._parts.clock)
        uow = self._work(row)
        self._settling.conclude(uow, found, outcome, now)
        await uow.commit()
        return True

    async def _reap(self, before: datetime, now: datetime) -> None:
        while rows := await overdue_messages(self._parts.database, before, _ROWS):
            for row in rows:
                with suppress(LostRace):
                    uow = self._work(row)
                    new = self._settling.conclude(uow, row, Outcome(Ending.IN_DOUBT, IN_DOUBT), now)
                    await uow.commit()
                    log.warning("message in doubt", extra={"kind": row.kind, "status": new.state})
                await asyncio.sleep(0)

    def _work(self, row: MessageRow) -> UnitOfWork:
        return self._parts.open_unit_of_work(SYSTEM, row.request_id)
