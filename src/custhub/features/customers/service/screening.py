"""Numbers and addresses on the suppression list: those of erased people are refused, others may not be contacted."""

from __future__ import annotations

from custhub.features.customers.service.building import NewCustomer
from custhub.features.customers.service.context import CustomerContext
from custhub.features.suppressions.service import NOBODY, Screened, screen


async def screened(context: CustomerContext, new: NewCustomer) -> NewCustomer:
    """A new customer whose numbers and addresses say whether they may be contacted. Raises Suppressed (S-85)."""
    mailboxes = [email.folded for email in new.record.emails]
    return marked(new, await screen(context.uow, context.keys, new.numbers, mailboxes))


def marked(new: NewCustomer, found: Screened) -> NewCustomer:
    """The same for what the list said before."""
    if found is NOBODY:
        return new
    phones = tuple(
        phone._replace(suppressed_by=found.number(number, f"#/phones/{i}/number"))
        for i, (phone, number) in enumerate(zip(new.record.phones, new.numbers, strict=True))
    )
    emails = tuple(
        email._replace(suppressed_by=found.mailbox(email.folded, f"#/emails/{i}/email"))
        for i, email in enumerate(new.record.emails)
    )
    return new._replace(record=new.record._replace(phones=phones, emails=emails))
