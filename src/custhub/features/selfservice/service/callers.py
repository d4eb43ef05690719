"""The customer itself as a caller: it sees and writes the fields of its link, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from custhub.features.customers.errors import CustomerArchived, CustomerErased, CustomerNotFound
from custhub.features.customers.queries import CustomerRecord
from custhub.features.links.errors import LinkNotFound
from custhub.features.selfservice.queries import SelfServiceLinkRow, link_by_id
from custhub.features.selfservice.rules import CUSTOM
from custhub.features.selfservice.service.gathering import GatheringContext
from custhub.features.selfservice.service.parts import SelfServiceParts
from custhub.kit.uow import Actor, UnitOfWork
from custhub.security.fields import Access, Field, policy
from custhub.security.principal import Principal
from custhub.security.reach import ALL_ROWS

_CLIENT: Final = "self_service"
REASON: Final = "self_service"


def customer_principal(customer_id: UUID, fields: Iterable[str]) -> Principal:
    """The customer, with the rights that its link gives it."""
    access = {name.partition(".")[0] if name.startswith(CUSTOM) else name: Access.WRITE for name in fields}
    return Principal(
        kind="customer",
        id=customer_id,
        client_id=_CLIENT,
        name="",
        scopes=frozenset(),
        roles=(),
        policy=policy({field.value: access.get(field.value, Access.HIDDEN) for field in Field}, "mask"),
        reach=ALL_ROWS,  # one customer is asked for, by the link
    )


class Visit:
    """One request by a link: its row, its customer, and what acts for it."""

    def __init__(self, link: SelfServiceLinkRow, context: GatheringContext, record: CustomerRecord) -> None:
        self.link = link
        self.context = context
        self.record = record


async def visit(parts: SelfServiceParts, uow: UnitOfWork, link_id: UUID) -> Visit:
    """Who follows a link. Raises LinkNotFound, which does not tell why: it leads to nobody any more."""
    link = await link_by_id(uow, link_id, locking=uow.locking)
    if link is None:
        raise LinkNotFound
    who = customer_principal(link.customer_id, link.fields)
    uow.actor = Actor(who.kind, who.id, who.client_id)
    context = GatheringContext(uow, who, parts.keys, parts.settings, parts.standards)
    try:
        record = await context.live(link.customer_id)
    except (CustomerNotFound, CustomerArchived, CustomerErased):
        raise LinkNotFound from None
    if record.row.id != link.customer_id:
        # It was made for a record that is another one's now, and so is what it would show.
        raise LinkNotFound
    return Visit(link, context, record)
