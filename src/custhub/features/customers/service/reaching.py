"""Where a customer can be written to, for the hub itself: nobody is shown it."""

from __future__ import annotations

from typing import Final

from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.service.context import CustomerContext
from custhub.features.phones.rules import PhoneNumber, PhoneStatus
from custhub.features.phones.vault import open_number

_USELESS: Final = {PhoneStatus.CHANGED.value, PhoneStatus.DEAD.value}


def primary_number(context: CustomerContext, record: CustomerRecord) -> PhoneNumber | None:
    """The primary number, where it reaches the customer and may be contacted. Raises IntegrityError."""
    for row in record.phones:
        if row.is_primary and row.suppressed_by is None and row.status not in _USELESS:
            return PhoneNumber.parse(open_number(context.dek(record), row), row.country)
    return None


def primary_mailbox(record: CustomerRecord) -> str | None:
    """The primary address, where it may be contacted."""
    return next((row.email for row in record.emails if row.is_primary and row.suppressed_by is None), None)
