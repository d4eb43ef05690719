"""Links that staff make: for which fields, how long, and who hands them over."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.holding import hold
from custhub.features.customers.service.reaching import primary_mailbox, primary_number
from custhub.features.fields.errors import CustomFieldUnknown
from custhub.features.links.service import IssuedLink, drop_links, issue_link
from custhub.features.messages.errors import RecipientInvalid
from custhub.features.messages.rules import Channel, Recipient, language_of
from custhub.features.messages.service.sending import MessageService
from custhub.features.selfservice.errors import (
    ChannelMissing,
    ContactPointMissing,
    FieldNotOffered,
    ReminderInvalid,
    SelfServiceLinkClosed,
    SelfServiceLinkNotFound,
)
from custhub.features.selfservice.events import SelfServiceLinkCreated, SelfServiceLinkRevoked
from custhub.features.selfservice.models import SelfServiceLinkRow
from custhub.features.selfservice.queries import link_of_customer
from custhub.features.selfservice.repository import SelfServiceRepository
from custhub.features.selfservice.rules import (
    CUSTOM,
    LINK_KIND,
    OFFERED,
    PROVEN_BY,
    REMINDER_KIND,
    LinkState,
    state_of,
)
from custhub.features.selfservice.schemas import SelfServiceLinkCreate
from custhub.features.selfservice.service.correcting import LINK
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.http.issues import issue
from custhub.kit.ids import new_id
from custhub.kit.uow import Note
from custhub.security.fields import Field
from custhub.security.principal import FieldNotWritable


class SelfServiceLinks:
    """Use cases of links, for one caller in one unit of work."""

    def __init__(self, context: CustomerContext, parts: SelfServiceParts) -> None:
        self._context = context
        self._parts = parts
        self._uow = context.uow
        self._repository = SelfServiceRepository(context.uow)

    async def create(self, customer_id: UUID, body: SelfServiceLinkCreate) -> tuple[SelfServiceLinkRow, IssuedLink]:
        """A link, sent or to be shown.

        Raises FieldNotOffered, FieldNotWritable, ChannelMissing, ContactPointMissing, ReminderInvalid.
        """
        uow, context, parts = self._uow, self._context, self._parts.messages
        record = await context.live(customer_id)
        customer_id = record.row.id
        fields = self._checked(body)
        lifetime = timedelta(seconds=body.expires_in_seconds)
        expires_at, remind_at = uow.now + lifetime, body.remind_at
        if remind_at is not None and (body.send_by is None or not uow.now < remind_at < expires_at):
            raise ReminderInvalid(issues=[issue("#/remind_at", ReminderInvalid.code)])
        recipient = None if body.send_by is None else self._recipient(record, Channel(body.send_by))
        locale = body.locale or (None if record.row.language is None else language_of(record.row.language, "en"))
        link_id = new_id()
        issued = issue_link(
            uow,
            self._parts.settings.public_url,
            LINK,
            link_id,
            lifetime,
            args={} if locale is None else {"language": locale},
            customer_id=customer_id,
        )
        hold(uow, customer_id)
        reminder_id = None
        if recipient is not None:
            language = locale or parts.language
            texts = {"url": issued.url, "until": _told(issued.expires_at, record.row.time_zone)}
            service = MessageService(parts)
            await service.send(
                uow, LINK_KIND, [recipient], texts, language=language, customer_id=customer_id, lifetime=lifetime
            )
            if remind_at is not None:
                (reminder,) = await service.send(
                    uow,
                    REMINDER_KIND,
                    [recipient],
                    texts,
                    language=language,
                    customer_id=customer_id,
                    not_before=remind_at,
                    lifetime=expires_at - remind_at,
                )
                reminder_id = reminder.id
        row = SelfServiceLinkRow(
            id=link_id,
            customer_id=customer_id,
            fields=fields,
            locale=locale,
            sent_by=body.send_by,
            reminder_id=reminder_id,
            remind_at=remind_at,
            state=LinkState.OPEN.value,
            changed=[],
            unproven=[],
            created_by=context.caller,
            expires_at=issued.expires_at,
            used_at=None,
            revoked_at=None,
            created_at=uow.now,
            updated_at=uow.now,
            revision=1,
        )
        self._repository.add_link(row)
        uow.emit(SelfServiceLinkCreated(row.id, 1, customer_id, tuple(fields)))
        uow.audit(
            Note("self_service_link.created", "self_service_link", row.id, customer_id, fields, body.send_by or "shown")
        )
        return row, issued

    async def find(self, customer_id: UUID, link_id: UUID) -> SelfServiceLinkRow:
        """One link of a customer. Raises CustomerNotFound, SelfServiceLinkNotFound."""
        await self._context.customers.get(customer_id)
        row = await link_of_customer(self._uow, self._context.who.reach, customer_id, link_id)
        if row is None:
            raise SelfServiceLinkNotFound
        return row

    async def revoke(self, customer_id: UUID, link_id: UUID) -> SelfServiceLinkRow:
        """It leads nowhere any more, and no code that it asked for counts. Raises SelfServiceLinkClosed."""
        uow, row = self._uow, await self.find(customer_id, link_id)
        if state_of(row.state, row.expires_at, uow.now) is not LinkState.OPEN:
            raise SelfServiceLinkClosed
        row = self._repository.change_link(row, {"state": LinkState.REVOKED.value, "revoked_at": uow.now})
        drop_links(uow, row.id)
        uow.emit(SelfServiceLinkRevoked(row.id, row.revision, customer_id, tuple(row.fields)))
        uow.audit(Note("self_service_link.revoked", "self_service_link", row.id, customer_id, row.fields))
        return row

    def _checked(self, body: SelfServiceLinkCreate) -> list[str]:
        """The fields, each once. Nobody gives a field that it may not write itself."""
        context = self._context
        policy, access = context.who.policy, context.access
        refused, forbidden = [], []
        for i, name in enumerate(body.fields):
            if name.startswith(CUSTOM):
                key = name.removeprefix(CUSTOM)
                try:
                    definition = access.definition(key)
                except CustomFieldUnknown:
                    refused.append(issue(f"#/fields/{i}", CustomFieldUnknown.code))
                    continue
                if definition.schema.kind == "array":
                    refused.append(issue(f"#/fields/{i}", FieldNotOffered.code))
                elif key not in access.writable or Field.CUSTOM_FIELDS not in policy.writable:
                    forbidden.append(f"fields/{i}")
            elif name not in OFFERED:
                refused.append(issue(f"#/fields/{i}", FieldNotOffered.code))
            elif name not in policy.writable:
                forbidden.append(f"fields/{i}")
        if refused:
            raise FieldNotOffered(issues=refused)
        if forbidden:
            raise FieldNotWritable(forbidden)
        channels = {PROVEN_BY[name] for name in body.fields if name in PROVEN_BY}
        if body.send_by is not None:
            channels.add(Channel(body.send_by))
        if not channels <= self._parts.messages.transports.keys():
            raise ChannelMissing
        return list(dict.fromkeys(body.fields))

    def _recipient(self, record: CustomerRecord, channel: Channel) -> Recipient:
        try:
            if channel is Channel.EMAIL:
                return Recipient.email(primary_mailbox(record) or "")
            number = primary_number(self._context, record)
            return Recipient.sms("" if number is None else number.canonical, self._parts.settings.default_country)
        except RecipientInvalid:
            raise ContactPointMissing from None


def _told(at: datetime, time_zone: str | None) -> str:
    """A time as the customer reads it, with what it is relative to."""
    return f"{at.astimezone(ZoneInfo(time_zone or 'UTC')):%Y-%m-%d %H:%M} ({time_zone or 'UTC'})"
