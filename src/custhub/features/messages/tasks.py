"""The sender of messages beside requests, and how its parts are put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from custhub.features.messages.models import MessageRow
from custhub.features.messages.repository import OLD_MESSAGES
from custhub.features.messages.rules import Channel
from custhub.features.messages.service.gates import Gates, SendGate
from custhub.features.messages.service.metrics import MessageMetrics
from custhub.features.messages.service.mime import Sender as From
from custhub.features.messages.service.outbox import FileOutbox
from custhub.features.messages.service.owners import FindAddress, OwnerNotices
from custhub.features.messages.service.parts import MESSAGES, MessageParts
from custhub.features.messages.service.sender import Sender
from custhub.features.messages.service.sending import MessageService
from custhub.features.messages.service.sms import SmsProvider, SmsTransport
from custhub.features.messages.service.smtp import SmtpServer, SmtpTransport
from custhub.features.messages.service.suppressions import Suppressions
from custhub.features.messages.service.transport import Transport
from custhub.features.messages.vault import MessageVault
from custhub.http.hub import Hub
from custhub.kit.background import pause
from custhub.kit.db import DatabaseUnavailable, DiskFull
from custhub.kit.egress import EgressClient
from custhub.settings import Settings

log = logging.getLogger("custhub.messages")

POLL_SECONDS: Final = 1.0
#: Messages of one channel that are under way at once: a recipient whose server hangs holds one of them.
_PLACES: Final = 8
_REAP_SECONDS: Final = 15.0
_PURGE_SECONDS: Final = 3_600.0
#: Attempts get so long to end when the process stops; those that do not are in doubt.
_DRAIN_SECONDS: Final = 4.0
#: How long what became of a message can be looked up.
KEPT: Final = timedelta(days=90)


class MessageSender:
    """Sends what is due, each channel with places of its own. Every process runs it."""

    name = "messages"

    def __init__(self, parts: MessageParts, *, poll_seconds: float = POLL_SECONDS) -> None:
        self.parts = parts
        self._poll = poll_seconds
        self._sender = Sender(parts)
        self._running: dict[Channel, set[asyncio.Task[None]]] = {channel: set() for channel in Channel}

    def owners(self, find_address: FindAddress) -> OwnerNotices:
        """What tells the owners of webhook endpoints."""
        return OwnerNotices(MessageService(self.parts), find_address)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`; attempts under way get a short while to end."""
        try:
            if self.parts.database.name == "sqlite":
                await self._sender.recover()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tend(stop))
                group.create_task(self._send(stop))
        finally:
            await self._drain()

    async def round(self) -> int:
        """Do all that is due, for tests and commands. How many messages that were."""
        await self._sender.reap()
        total = 0
        for channel in Channel:
            while rows := await self._sender.reserve(channel, _PLACES):
                await asyncio.gather(*(self._sender.deliver(row) for row in rows))
                total += len(rows)
        return total

    async def recover(self) -> None:
        """Take up what a former process had in hand, as a start on SQLite does."""
        await self._sender.recover()

    async def aclose(self) -> None:
        """Close connections to servers and providers."""
        for transport in {id(one): one for one in self.parts.transports.values()}.values():
            await transport.aclose()

    async def _send(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.parts.wake.clear()
            full = False
            try:
                for channel in Channel:
                    full |= await self._take(channel)
            except (DatabaseUnavailable, DiskFull):
                log.warning("messages wait for the database")
            await self._rest(stop, full=full)

    async def _take(self, channel: Channel) -> bool:
        """Begin what there is room for; whether there may be more."""
        running = self._running[channel]
        room = _PLACES - len(running)
        if not room:
            return True
        rows = await self._sender.reserve(channel, room)
        for row in rows:
            task = asyncio.create_task(self._deliver(row), name=f"message {row.channel}")
            running.add(task)
            task.add_done_callback(running.discard)
        return len(rows) == room

    async def _deliver(self, row: MessageRow) -> None:
        try:
            await self._sender.deliver(row)
        except (DatabaseUnavailable, DiskFull):
            log.warning("a message waits for the database", extra={"kind": row.kind})
        except Exception:
            log.exception("message failed", extra={"kind": row.kind, "request_id": row.request_id})

    async def _rest(self, stop: asyncio.Event, *, full: bool) -> None:
        """Until somebody queues a message, or, with more waiting than there is room for, until one has ended."""
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self.parts.wake)]
        until: list[asyncio.Future[Any]] = [*waits]
        if full:
            until += [task for tasks in self._running.values() for task in tasks]
        try:
            await asyncio.wait(until, timeout=self._poll, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _tend(self, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        purged = float("-inf")
        while not stop.is_set():
            with suppress(DatabaseUnavailable, DiskFull):
                await self._sender.reap()
                if loop.time() - purged > _PURGE_SECONDS:
                    await OLD_MESSAGES.run(self.parts.database, self.parts.clock.now() - KEPT)
                    purged = loop.time()
            await pause(stop, _REAP_SECONDS)

    async def _drain(self) -> None:
        running = [task for tasks in self._running.values() for task in tasks]
        if running:
            _, late = await asyncio.wait(running, timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.aclose()


def message_sender(hub: Hub, egress: Callable[[], EgressClient], gates: Sequence[SendGate] = ()) -> MessageSender:
    """The sender of a hub; its parts are there for routes from now on. `gates` are the rules of other features."""
    settings = hub.settings
    suppressions = Suppressions(hub.database, hub.keys)
    sender = From(settings.smtp_from_name, settings.smtp_from)
    parts = MessageParts(
        database=hub.database,
        clock=hub.clock,
        vault=MessageVault(hub.database, hub.keys),
        suppressions=suppressions,
        gates=Gates([suppressions, *gates]),
        transports=_transports(hub, sender, egress),
        metrics=MessageMetrics(hub.metrics.registry),
        open_unit_of_work=hub.unit_of_work,
        domain=sender.domain,
        language=settings.message_language,
        country=settings.default_country,
        public_url=settings.public_url,
        callback_secrets={Channel.EMAIL: settings.smtp_callback_secret, Channel.SMS: settings.sms_callback_secret},
    )
    hub.parts[MESSAGES] = parts
    return MessageSender(parts)


def _transports(hub: Hub, sender: From, egress: Callable[[], EgressClient]) -> dict[Channel, Transport]:
    settings = hub.settings
    made: dict[Channel, Transport] = {}
    if settings.profile == "development":
        outbox = FileOutbox(settings.home / "outbox", sender, hub.clock)
        made = {Channel.EMAIL: outbox, Channel.SMS: outbox}
    if settings.smtp_host:
        made[Channel.EMAIL] = SmtpTransport(_server(settings), sender, hub.clock)
    if settings.sms_url:
        provider = SmsProvider(
            url=settings.sms_url,
            token=settings.sms_token,
            sender=settings.sms_sender,
            deduplicates=settings.sms_deduplicates,
            seconds=settings.sms_timeout_seconds,
        )
        made[Channel.SMS] = SmsTransport(provider, egress())
    return made


def _server(settings: Settings) -> SmtpServer:
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=settings.smtp_password,
        ca_file=settings.smtp_ca_file,
        seconds=settings.smtp_timeout_seconds,
    )
