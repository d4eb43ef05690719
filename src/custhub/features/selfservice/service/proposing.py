"""A new number or address is kept, sealed, until a code that was sent there comes back."""

from __future__ import annotations

from custhub.features.customers.errors import EmailInvalid
from custhub.features.customers.service.holding import hold
from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.rules import Channel, Recipient
from custhub.features.messages.service.sending import MessageService
from custhub.features.phones.rules import PhoneNumber
from custhub.features.selfservice.errors import MobileNeeded
from custhub.features.selfservice.models import ChangeRow
from custhub.features.selfservice.repository import SelfServiceRepository
from custhub.features.selfservice.rules import (
    CODE_KIND,
    CODE_LIFETIME,
    EMAILS,
    ChangeState,
    new_code,
    takes_texts,
)
from custhub.features.selfservice.service.callers import Visit
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.features.selfservice.vault import code_hash, open_value, seal_value
from custhub.kit.ids import new_id
from custhub.kit.mailboxes import parse_email


def read_number(text: str, country: str) -> str:
    """A number that can be sent a code, in E.164. Raises PhoneInvalid, MobileNeeded."""
    number = PhoneNumber.parse(text, country)
    if not takes_texts(number):
        raise MobileNeeded
    return number.e164


def read_mailbox(text: str) -> str:
    """An address that can be sent a code. Raises EmailInvalid."""
    address = parse_email(text).address
    try:
        Recipient.email(address)
    except RecipientInvalid:
        raise EmailInvalid from None
    return address


class Codes:
    """Sends codes, in the unit of work that keeps what they prove."""

    def __init__(self, parts: SelfServiceParts, visit: Visit, language: str) -> None:
        self._parts = parts
        self._visit = visit
        self._language = language
        self._uow = visit.context.uow
        self._repository = SelfServiceRepository(self._uow)

    async def propose(self, field: str, value: str) -> None:
        """Keep a new number or address, and send it a code."""
        change_id, now = new_id(), self._uow.now
        record, context = self._visit.record, self._visit.context
        code = new_code()
        row = ChangeRow(
            id=change_id,
            link_id=self._visit.link.id,
            customer_id=record.row.id,
            field=field,
            value=seal_value(context.dek(record), change_id, value),
            code_hash=code_hash(self._parts.keys, change_id, code),
            code_expires_at=now + CODE_LIFETIME,
            sent_at=now,
            sends=1,
            attempts=0,
            state=ChangeState.PENDING.value,
            created_at=now,
            updated_at=now,
            revision=1,
        )
        self._repository.add_change(row)
        await self._send(row, code)

    async def resend(self, row: ChangeRow) -> ChangeRow:
        """Another code; the one before is none any more."""
        code, now = new_code(), self._uow.now
        values = {
            "code_hash": code_hash(self._parts.keys, row.id, code),
            "code_expires_at": now + CODE_LIFETIME,
            "sent_at": now,
            "sends": row.sends + 1,
        }
        row = self._repository.change(row, values)
        await self._send(row, code)
        return row

    def recipient(self, row: ChangeRow) -> Recipient:
        """Where the codes of a change go. Raises IntegrityError."""
        value = open_value(self._visit.context.dek(self._visit.record), row)
        return Recipient.email(value) if row.field == EMAILS else Recipient(Channel.SMS, value)

    async def _send(self, row: ChangeRow, code: str) -> None:
        parameters = {"code": code, "minutes": str(int(CODE_LIFETIME.total_seconds() // 60))}
        hold(self._uow, self._visit.record.row.id)
        await MessageService(self._parts.messages).send(
            self._uow,
            CODE_KIND,
            [self.recipient(row)],
            parameters,
            language=self._language,
            customer_id=row.customer_id,
            lifetime=CODE_LIFETIME,
        )
