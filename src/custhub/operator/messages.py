"""Messages as the operator sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from custhub.app import Application
from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.models import MessageRow
from custhub.features.messages.queries import message_by_id, page_of_messages
from custhub.features.messages.rules import ENDS, TEST, Channel, MessageState, Recipient
from custhub.features.messages.service.sending import MessageService
from custhub.features.messages.tasks import MessageSender
from custhub.kit.ids import Prefix, to_text
from custhub.kit.uow import Note, UnitOfWork
from custhub.operator.commands import Arguments, Command, in_unit_of_work
from custhub.operator.refused import CommandRefused


class ListMessages(Arguments):
    """Which messages, newest first."""

    state: MessageState | None
    channel: Channel | None
    limit: Annotated[int, Field(ge=1, le=1000)]


class NamedAddress(Arguments):
    """A mailbox, or a phone number."""

    address: Annotated[str, Field(max_length=300)]


async def _list(app: Application, asked: ListMessages) -> Mapping[str, Any]:
    filters = asked.model_dump(include={"state", "channel"}, exclude_none=True)
    page = await page_of_messages(app.database, filters, None, asked.limit)
    recipients = await _sender(app).parts.vault.recipients(page.items)
    rows = zip(page.items, recipients, strict=True)
    return {"messages": [_view(row, to) for row, to in rows], "has_more": page.after is not None}


async def _test(app: Application, asked: NamedAddress) -> Mapping[str, Any]:
    sender = _sender(app)
    recipient = _recipient(asked.address, app)

    async def work(uow: UnitOfWork) -> MessageRow:
        parameters = {"hub": app.settings.public_url}
        (row,) = await MessageService(sender.parts).send(uow, TEST, [recipient], parameters)
        uow.audit(Note("message.tested", "message", row.id, fields=[row.channel]))
        return row

    row = await in_unit_of_work(app, work)
    if not app.has_tasks:
        # Nobody else may be there to send it.
        await sender.round()
        await sender.aclose()
        row = await message_by_id(app.database, row.id) or row
    return {"message": _view(row, recipient), "is_open": row.state not in ENDS}


async def _allow(app: Application, asked: NamedAddress) -> Mapping[str, Any]:
    recipient = _recipient(asked.address, app)

    async def work(uow: UnitOfWork) -> bool:
        return await _sender(app).parts.suppressions.lift(uow, recipient)

    return {"recipient": repr(recipient), "was_suppressed": await in_unit_of_work(app, work)}


def _sender(app: Application) -> MessageSender:
    return app.messages


def _recipient(address: str, app: Application) -> Recipient:
    try:
        return Recipient.email(address) if "@" in address else Recipient.sms(address, app.settings.default_country)
    except RecipientInvalid:
        raise CommandRefused("this is neither an e-mail address nor a phone number") from None


def _view(row: MessageRow, recipient: Recipient | None) -> dict[str, Any]:
    return {
        "id": to_text(Prefix.MESSAGE, row.id),
        "created_at": row.created_at.isoformat(),
        "channel": row.channel,
        "kind": row.kind,
        "state": row.state,
        "error": row.error,
        "recipient": None if recipient is None else recipient.masked(),
    }


COMMANDS = {
    "messages.list": Command(ListMessages, _list),
    "messages.test": Command(NamedAddress, _test),
    "messages.allow": Command(NamedAddress, _allow),
}
