"""The number or address in whose place another one comes is told so: whoever holds it may know nothing of it."""

from __future__ import annotations

from custhub.features.customers.service.reaching import primary_mailbox, primary_number
from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.rules import Channel, Recipient
from custhub.features.messages.service.sending import MessageService
from custhub.features.selfservice.rules import NOTICE_KIND, takes_texts
from custhub.features.selfservice.service.callers import Visit
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.features.selfservice.service.wording import Language


class Notices:
    """Queues notices in the unit of work that stores what was proven. They name neither the old one nor the new."""

    def __init__(self, parts: SelfServiceParts, visit: Visit, language: Language) -> None:
        self._parts = parts
        self._visit = visit
        self._language = language

    async def send(self, proven: Recipient) -> None:
        """Tell the primary one before `proven`, if there was another one that may be written to."""
        record, old = self._visit.record, self._before(proven.channel)
        if old is None or old.folded == proven.folded:
            return
        await MessageService(self._parts.messages).send(
            self._visit.context.uow,
            NOTICE_KIND,
            [old],
            {},
            # Not the one of the page: whoever sits before it chose that.
            language=record.row.language or self._language,
            customer_id=record.row.id,
        )

    def _before(self, channel: Channel) -> Recipient | None:
        record = self._visit.record
        if channel is Channel.SMS:
            number = primary_number(self._visit.context, record)
            return None if number is None or not takes_texts(number) else Recipient(channel, number.e164)
        try:
            return Recipient.email(primary_mailbox(record) or "")
        except RecipientInvalid:
            return None
