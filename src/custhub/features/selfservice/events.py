"""Facts about self-service links."""

from __future__ import annotations

from custhub.events.envelope import Event
from custhub.kit.ids import Prefix


class SelfServiceEvent(Event):
    """Something happened to a link for a customer. `fields` are those of the customer."""

    __slots__ = ()
    subject_type = "self_service_link"
    prefix = Prefix.SELF_SERVICE_LINK
    path = "/v1/customers/{customer_id}/self-service-links/{id}"
    example_fields = ("addresses",)


class SelfServiceLinkCreated(SelfServiceEvent):
    """A customer may correct these fields by a link."""

    __slots__ = ()
    type = "self_service_link.created"


class SelfServiceLinkRevoked(SelfServiceEvent):
    """A link was taken back before it was used."""

    __slots__ = ()
    type = "self_service_link.revoked"


class SelfServiceLinkUsed(SelfServiceEvent):
    """A customer sent corrections of these fields; a new number or address still has to be proven."""

    __slots__ = ()
    type = "self_service_link.used"


class SelfServiceChangeProven(SelfServiceEvent):
    """A customer proved a new number or address by a code."""

    __slots__ = ()
    type = "self_service_link.proven"
