"""Read what was sent in, before anybody is looked for: whatever is refused here is refused whoever is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from custhub.features.consents.errors import ConsentNotYet, GuardianRequired
from custhub.features.consents.rules import ConsentStatus, is_child
from custhub.features.consents.schemas import ConsentInput
from custhub.features.customers.errors import PersonUnknown
from custhub.features.customers.rules import CustomerKind, parse_email
from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.building import CustomerBuilder, NewCustomer
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.features.customers.service.upserting import sent_fields
from custhub.features.intake.errors import IntakeNotYet, PhoneInIntake
from custhub.features.intake.rules import UNNAMED, names_of, says
from custhub.features.intake.schemas import IntakeItem
from custhub.features.phones.rules import PhoneNumber, find_numbers
from custhub.http.issues import issue, within
from custhub.http.json_body import canonical
from custhub.kit.errors import HubError
from custhub.kit.ids import new_id

#: Clocks of devices go a little wrong.
_AHEAD: Final = timedelta(minutes=5)
_TEXTS: Final = ("campaign", "form", "device_id")


class Heard(NamedTuple):
    """An item that is fine by itself."""

    item: IntakeItem
    customer: CustomerCreate
    is_unnamed: bool
    #: The members of the customer that say something.
    fields: frozenset[str]
    occurred_at: datetime
    consents: Sequence[ConsentInput]
    numbers: Sequence[PhoneNumber]
    mailboxes: Sequence[str]
    content: dict[str, Any]
    digest: bytes


class IntakeReader:
    """Reads items of one caller."""

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._service = CustomerService(context)
        self._builder = CustomerBuilder(context)

    async def read(self, item: IntakeItem) -> Heard:
        """What an item says. Raises what breaks a rule of its values, its rights or its references."""
        now = self._context.uow.now
        if item.occurred_at is not None and item.occurred_at > now + _AHEAD:
            raise IntakeNotYet(issues=[issue("#/occurred_at", IntakeNotYet.code)])
        for name in _TEXTS:
            text = getattr(item, name)
            if text is not None and find_numbers(text, self._context.country):
                raise PhoneInIntake(issues=[issue(f"#/{name}", PhoneInIntake.code)])
        occurred_at = now if item.occurred_at is None else min(item.occurred_at, now)
        try:
            customer, is_unnamed, new = await self._customer(item)
        except HubError as error:
            raise within("customer", error) from None
        consents = [self._consent(item, i, new, occurred_at) for i in range(len(item.consents))]
        fields = sent_fields(customer) - {"source"} - ({"display_name"} if is_unnamed else set())
        content = item.model_dump(mode="json", exclude_unset=True, exclude={"consents"})
        return Heard(
            item,
            customer,
            is_unnamed,
            frozenset(fields),
            occurred_at,
            consents,
            new.numbers,
            [parse_email(mail.email).folded for mail in customer.emails],
            content,
            self._digest(item),
        )

    async def _customer(self, item: IntakeItem) -> tuple[CustomerCreate, bool, NewCustomer]:
        """The customer with all its names said outright and nothing said that says nothing, built to try it."""
        sent = item.customer
        if any(contact.person_id is not None for contact in sent.contacts):
            place = next(i for i, contact in enumerate(sent.contacts) if contact.person_id is not None)
            # Who only writes sees nobody whom a contact could be.
            raise PersonUnknown(issues=[issue(f"#/contacts/{place}/person_id", PersonUnknown.code)])
        names = names_of(
            CustomerKind(sent.kind), sent.family_name, sent.given_name, sent.display_name, sent.company_name
        )
        given = {
            name: value
            for name in sent.model_fields_set
            if says(name, value := getattr(sent, name)) and name != "external_ids"
        }
        named = {"family_name": names.family, "given_name": names.given, "display_name": names.display or UNNAMED}
        given |= {name: value for name, value in named.items() if value is not None}
        keys = {(key.source, key.id): key for key in sent.external_ids}
        if keys:
            given["external_ids"] = list(keys.values())
        customer = CustomerCreate.model_construct(_fields_set={*given, "source"}, **given, source=item.source)
        context = self._context
        context.who.require_writable(sent_fields(customer))
        customer = await self._service.check(customer)
        return customer, names.display is None, self._builder.build(customer)

    def _consent(self, item: IntakeItem, place: int, new: NewCustomer, occurred_at: datetime) -> ConsentInput:
        sent = item.consents[place]
        captured_at = sent.captured_at or occurred_at
        if captured_at > self._context.uow.now + _AHEAD:
            raise ConsentNotYet(issues=[issue(f"#/consents/{place}/captured_at", ConsentNotYet.code)])
        row = new.record.row
        grants = sent.status is ConsentStatus.GRANTED and sent.guardian is None
        if grants and is_child(row.birthday, row.birthday_calendar, captured_at.date()):
            raise GuardianRequired(issues=[issue(f"#/consents/{place}/guardian", GuardianRequired.code)])
        more: dict[str, Any] = {"captured_at": captured_at}
        if "source" not in sent.model_fields_set:
            more["source"] = item.source
        return sent.model_copy(update=more)

    def _digest(self, item: IntakeItem) -> bytes:
        """Equal for the same said twice by the same caller; of what does not say when, nothing is the same."""
        who = self._context.who
        told: list[Any] = [who.id.hex, item.model_dump(mode="json", exclude_unset=True)]
        if item.device_id is None and item.occurred_at is None:
            told.append(new_id().hex)
        return self._context.keys.cursors.fingerprint(b"intake\0" + canonical(told))
