"""Put messages into the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from custhub.features.messages.events import MessageQueued
from custhub.features.messages.models import MessageRow
from custhub.features.messages.repository import MessageRepository
from custhub.features.messages.rules import Channel, MessageKind, MessageState, Recipient, language_of
from custhub.features.messages.service.parts import MessageParts
from custhub.kit.db_clock import database_now
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.uow import UnitOfWork

#: So long a message is tried, unless told otherwise: afterwards it would tell of old things.
LIFETIME: Final = timedelta(hours=48)


class MessageService:
    """Queues messages in the caller's unit of work: they leave if it commits, and only then."""

    def __init__(self, parts: MessageParts) -> None:
        self.parts = parts

    async def send(
        self,
        uow: UnitOfWork,
        kind: MessageKind,
        recipients: Sequence[Recipient],
        parameters: Mapping[str, str],
        *,
        language: str | None = None,
        customer_id: UUID | None = None,
        not_before: datetime | None = None,
        lifetime: timedelta = LIFETIME,
    ) -> list[MessageRow]:
        """One message for each recipient, with an outcome of its own; nobody sees who else got one.

        `language` is a language tag. Of a customer the values are sealed under its key. Raises ValueError for
        parameters that do not fit the texts, RecipientGone for an erased customer, KeyUnavailable.
        """
        tongue = language_of(language, self.parts.language)
        now = await database_now(uow, uow.clock)
        rows = []
        for recipient in recipients:
            message_id = new_id()
            content = kind.render(recipient.channel, tongue, parameters)
            address, said = await self.parts.vault.seal(uow, message_id, customer_id, recipient, content)
            rows.append(
                MessageRow(
                    id=message_id,
                    channel=recipient.channel.value,
                    kind=kind.name,
                    category=kind.category.value,
                    language=tongue,
                    purpose=kind.purpose,
                    customer_id=customer_id,
                    recipient=address,
                    content=said,
                    state=MessageState.QUEUED.value,
                    error=None,
                    provider_status=None,
                    provider_key=self._key(recipient.channel, message_id),
                    provider_id=None,
                    duplicate_ok=kind.duplicate_ok,
                    attempts=0,
                    attempt_id=None,
                    lease_until=None,
                    next_attempt_at=not_before or now,
                    expires_at=(not_before or now) + lifetime,
                    request_id=uow.request_id,
                    created_at=uow.now,
                    updated_at=uow.now,
                    sent_at=None,
                    delivered_at=None,
                    finished_at=None,
                    revision=1,
                )
            )
        MessageRepository(uow).add(rows)
        for row in rows:
            extra = {"channel": row.channel, "kind": row.kind}
            uow.emit(MessageQueued(row.id, row.revision, customer_id=customer_id, extra=extra))
            self.parts.metrics.count_after(uow, row.channel, row.state)
        uow.on_commit(self.parts.wake.set)
        return rows

    def _key(self, channel: Channel, message_id: UUID) -> str:
        text = to_text(Prefix.MESSAGE, message_id)
        return f"<{text}@{self.parts.domain}>" if channel is Channel.EMAIL else text
