"""Whoever writes a row of a customer without changing the customer has to know that it still is itself."""

from __future__ import annotations

from uuid import UUID

from custhub.features.customers.repository import hold_customer
from custhub.kit.uow import UnitOfWork


def hold(uow: UnitOfWork, customer_id: UUID) -> None:
    """Let no merge absorb this customer before the commit; the unit of work is lost where one has done so already.

    Run again, it finds who the customer is by then. Whoever changes the customer's own row needs none: its revision
    is another one.
    """
    hold_customer(uow, customer_id)
