"""Read statements over self-service links and what waits for proof."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, literal_column, select

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.customers.models import customers
from custhub.features.selfservice.models import (
    ChangeRow,
    SelfServiceLinkRow,
    self_service_changes,
    self_service_links,
)
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader
from custhub.security.reach import Reach, Reachable

__all__ = ["ChangeRow", "SelfServiceLinkRow"]

_l, _ch = self_service_links.c, self_service_changes.c
_PERSON: Final = "whoever holds the token of a link acts for its customer alone"
_WHOLE: Final = "merges, exports and erasure act on a customer wholly; their routes check rights and reach"
_HUB: Final = "what may be sent is asked for the hub itself; nobody is shown any"
_LINKS = (
    select(self_service_links)
    .select_from(self_service_links.join(customers, customers.c.id == _l.customer_id))
    .where(_l.customer_id == bindparam("customer_id"))
)


def _page(*, after: bool) -> Select[Any]:
    statement = _LINKS.where(_l.id < bindparam("after", type_=_l.id.type)) if after else _LINKS
    return statement.order_by(_l.id.desc()).limit(bindparam("limit"))


_PAGES = {after: Reachable(_page(after=after), customers, SelfServiceLinkRow._make) for after in (False, True)}
_ONE = Reachable(_LINKS.where(_l.id == bindparam("id")), customers, SelfServiceLinkRow._make)
_BY_ID, _BY_ID_LOCKED = (
    Query(statement, SelfServiceLinkRow._make, everyone=_PERSON)
    for base in (select(self_service_links).where(_l.id == bindparam("id")),)
    for statement in (base, base.with_for_update())
)
_CHANGES, _CHANGES_LOCKED = (
    Query(statement, ChangeRow._make, everyone=_PERSON)
    for base in (select(self_service_changes).where(_ch.link_id == bindparam("link_id")).order_by(_ch.id),)
    for statement in (base, base.with_for_update())
)
_REMINDED = Query(
    select(self_service_links).where(
        _l.reminder_id == bindparam("reminder_id"), literal_column("self_service_links.reminder_id IS NOT NULL")
    ),
    SelfServiceLinkRow._make,
    everyone=_HUB,
)
_LINKS_OF = Query(
    select(self_service_links).where(_l.customer_id == bindparam("customer_id")).order_by(_l.id),
    SelfServiceLinkRow._make,
    everyone=_WHOLE,
)
_CHANGES_OF = Query(
    select(self_service_changes).where(_ch.customer_id == bindparam("customer_id")).order_by(_ch.id),
    ChangeRow._make,
    everyone=_WHOLE,
)
_KEY = Query(select(customer_keys).where(customer_keys.c.customer_id == bindparam("customer_id")), CustomerKey._make)


async def page_of_links(
    reader: Reader, reach: Reach, customer_id: UUID, after: list[Any] | None, limit: int
) -> Page[SelfServiceLinkRow]:
    """The links of a customer, newest first."""
    params = {"customer_id": customer_id, **reach.params}
    if after is not None:
        params["after"] = from_bytes(bytes.fromhex(after[0]))
    rows = await _PAGES[after is not None].of(reach).all(reader, **params, limit=limit + 1)
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))


async def link_of_customer(reader: Reader, reach: Reach, customer_id: UUID, link_id: UUID) -> SelfServiceLinkRow | None:
    """One link of a customer within reach."""
    return await _ONE.of(reach).first(reader, customer_id=customer_id, id=link_id, **reach.params)


async def link_by_id(reader: Reader, link_id: UUID, *, locking: bool = False) -> SelfServiceLinkRow | None:
    """The link behind a token."""
    return await (_BY_ID_LOCKED if locking else _BY_ID).first(reader, id=link_id)


async def changes_of_link(reader: Reader, link_id: UUID, *, locking: bool = False) -> list[ChangeRow]:
    """The new numbers and addresses that came by a link."""
    return await (_CHANGES_LOCKED if locking else _CHANGES).all(reader, link_id=link_id)


async def link_of_reminder(reader: Reader, message_id: UUID) -> SelfServiceLinkRow | None:
    """The link that a message reminds of."""
    return await _REMINDED.first(reader, reminder_id=message_id)


async def links_of(reader: Reader, customer_id: UUID) -> list[SelfServiceLinkRow]:
    """Every link of a customer, oldest first."""
    return await _LINKS_OF.all(reader, customer_id=customer_id)


async def changes_of(reader: Reader, customer_id: UUID) -> list[ChangeRow]:
    """Everything of a customer that waits for proof, or did."""
    return await _CHANGES_OF.all(reader, customer_id=customer_id)


async def data_key_of(reader: Reader, customer_id: UUID) -> CustomerKey | None:
    """The wrapped data key of a customer, None when it was destroyed."""
    return await _KEY.first(reader, customer_id=customer_id)
