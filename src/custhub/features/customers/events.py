"""Facts about customers that others hear of."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class CustomerEvent(Event):
    """Something happened to a customer."""

    __slots__ = ()
    subject_type = "customer"
    prefix = Prefix.CUSTOMER
    path = "/v1/customers/{id}"
    tracked = True


class CustomerCreated(CustomerEvent):
    """A customer was created."""

    __slots__ = ()
    type = "customer.created"


class CustomerUpdated(CustomerEvent):
    """Fields or parts of a customer changed."""

    __slots__ = ()
    type = "customer.updated"
    example_fields = ("display_name", "tags")


class CustomerConfirmed(CustomerEvent):
    """A person confirmed what fields of a customer say."""

    __slots__ = ()
    type = "customer.confirmed"
    example_fields = ("birthday",)


class CustomerArchived(CustomerEvent):
    """A customer was archived; its numbers are free."""

    __slots__ = ()
    type = "customer.archived"


class CustomerRestored(CustomerEvent):
    """An archived customer is back."""

    __slots__ = ()
    type = "customer.restored"


class CustomerErased(CustomerEvent):
    """Nothing personal is left of a customer: it was erased, or the import that had made it was undone."""

    __slots__ = ()
    type = "customer.erased"
    gone = True
