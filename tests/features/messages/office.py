"""A hub that sends: with a mail server, an SMS provider, and kinds of messages to send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from custhub.features.messages.models import MessageRow
from custhub.features.messages.queries import message_by_id
from custhub.features.messages.rules import Category, Channel, MessageKind, Recipient
from custhub.features.messages.service.gates import Gates, SendGate, Sending, Verdict
from custhub.features.messages.service.sending import MessageService
from custhub.features.messages.tasks import MessageSender
from custhub.kit.uow import SYSTEM
from tests.features.messages.sms_provider import SmsProvider
from tests.hub import HubUnderTest
from tests.mail_server import MailServer

TEXTS = Path(__file__).parent / "texts"
CALLBACK_SECRET = "provider-callback-secret"
LETTER = MessageKind("letter", Category.TRANSACTIONAL, frozenset(Channel), texts=TEXTS)
ALARM = MessageKind("letter", Category.OPERATOR, frozenset(Channel), duplicate_ok=True, texts=TEXTS)
SURVEY = MessageKind("letter", Category.MARKETING, frozenset(Channel), purpose="surveys", texts=TEXTS)
ALLOW = Verdict("allow")


class Gate:
    """A rule that says what it is told to."""

    def __init__(self, verdict: Verdict | None) -> None:
        self.verdict = verdict
        self.asked: list[Sending] = []

    async def judge(self, sending: Sending, now: object) -> Verdict | None:
        self.asked.append(sending)
        return self.verdict


@dataclass(frozen=True)
class Office:
    """One hub and the world around it."""

    hub: HubUnderTest
    mail: MailServer
    sms: SmsProvider

    @property
    def sender(self) -> MessageSender:
        return self.hub.app.messages

    async def queue(
        self,
        *addresses: str,
        kind: MessageKind = LETTER,
        name: str = "Li Na",
        customer_id: UUID | None = None,
        lifetime: timedelta = timedelta(hours=48),
        language: str | None = None,
    ) -> list[MessageRow]:
        """Queue a letter to each and commit."""
        uow = self.hub.app.hub.unit_of_work(SYSTEM, "test")
        recipients = [recipient(address) for address in addresses]
        rows = await MessageService(self.sender.parts).send(
            uow, kind, recipients, {"name": name}, customer_id=customer_id, lifetime=lifetime, language=language
        )
        await uow.commit()
        return rows

    async def now(self, row: MessageRow) -> MessageRow:
        """A message as it is stored."""
        found = await message_by_id(self.hub.app.database, row.id)
        assert found is not None
        return found

    async def states(self, rows: Sequence[MessageRow]) -> list[str]:
        return [(await self.now(row)).state for row in rows]

    async def later(self, seconds: float) -> None:
        """Let time pass: PostgreSQL has its own, so what is due comes nearer."""
        self.hub.clock.advance(seconds)
        if self.hub.engine == "postgresql":
            shift = f"- interval '{seconds} seconds'"
            columns = ("next_attempt_at", "lease_until", "expires_at")
            async with self.hub.app.database.transaction() as connection:
                await connection.execute(
                    f"UPDATE messages SET {', '.join(f'{c} = {c} {shift}' for c in columns)}",  # noqa: S608  # no input
                    (),
                )

    def guard(self, *gates: SendGate) -> None:
        """Let these rules decide, too."""
        parts = self.sender.parts
        object.__setattr__(parts, "gates", Gates([parts.suppressions, *gates]))

    async def events(self, row: MessageRow) -> list[str]:
        """Types of the events of a message, in their order."""
        value: Any = row.id if self.hub.engine == "postgresql" else row.id.bytes
        mark = "$1" if self.hub.engine == "postgresql" else "?"
        rows = await self.hub.rows(
            f"SELECT type FROM events WHERE subject_id = {mark} ORDER BY id",  # noqa: S608  # no input
            value,
        )
        return [found[0] for found in rows]


def recipient(address: str) -> Recipient:
    """A mailbox, or a number."""
    return Recipient.email(address) if "@" in address else Recipient.sms(address, "CN")


def counted(office: Office) -> Mapping[tuple[str, str], float]:
    """`messages_total` by channel and state."""
    found = {}
    for family in office.hub.app.hub.metrics.registry.collect():
        for sample in family.samples:
            if sample.name == "messages_total":
                found[sample.labels["channel"], sample.labels["state"]] = sample.value
    return found
