"""Read statements over messages and suppressed addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.messages.models import MessageRow, message_suppressions, messages
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of

_m, _s = messages.c, message_suppressions.c
_OPERATORS: Final = "the log of messages is for operators, whose scope sees all of them"
_SENDER: Final = "the sender acts for the hub itself"
_WHOLE: Final = "merges, exports and erasure act on a customer wholly; their routes check rights and reach"

_FILTERS: Final[Mapping[str, Callable[[], ColumnElement[bool]]]] = {
    "state": lambda: _m.state == bindparam("state"),
    "channel": lambda: _m.channel == bindparam("channel"),
    "kind": lambda: _m.kind == bindparam("kind"),
    "customer_id": lambda: _m.customer_id == bindparam("customer_id"),
    "created_at_gte": lambda: _m.created_at >= bindparam("created_at_gte", type_=_m.created_at.type),
    "created_at_lt": lambda: _m.created_at < bindparam("created_at_lt", type_=_m.created_at.type),
}
_pages: dict[tuple[frozenset[str], bool], Query[MessageRow]] = {}


def _first(values: Iterable[Any]) -> Any:
    return next(iter(values))


_BY_ID = Query(select(messages).where(_m.id == bindparam("id")), MessageRow._make, everyone=_OPERATORS)
_LOCKED = Query(
    select(messages).where(_m.id == bindparam("id")).with_for_update(), MessageRow._make, everyone=_OPERATORS
)
_BY_PROVIDER = Query(
    select(_m.id)
    .where(
        _m.channel == bindparam("channel"),
        _m.provider_id == bindparam("provider_id"),
        literal_column("messages.provider_id IS NOT NULL"),
    )
    .order_by(_m.id.desc())
    .limit(1),
    _first,
    everyone=_SENDER,
)
_OVERDUE = Query(
    select(messages)
    .where(literal_column("messages.state = 'sending'"), _m.lease_until < bindparam("now", type_=_m.lease_until.type))
    .order_by(_m.lease_until)
    .limit(bindparam("rows")),
    MessageRow._make,
    everyone=_SENDER,
)
_OF_CUSTOMER = Query(
    select(messages).where(_m.customer_id == bindparam("customer_id")).order_by(_m.id),
    MessageRow._make,
    everyone=_WHOLE,
)
_AMONG = Query(
    select(messages).where(any_of(_m.customer_id, "ids")).order_by(_m.customer_id, _m.id),
    MessageRow._make,
    everyone=_WHOLE,
)
_KEYS = Query(select(customer_keys).where(any_of(customer_keys.c.customer_id, "ids")), CustomerKey._make)
_SUPPRESSED = Query(select(_s.reason).where(any_of(_s.hash, "hashes")).limit(1), _first)


async def message_by_id(reader: Reader, message_id: UUID, *, locking: bool = False) -> MessageRow | None:
    """One message; locked, for a transaction that changes it."""
    return await (_LOCKED if locking else _BY_ID).first(reader, id=message_id)


async def id_by_provider(reader: Reader, channel: str, provider_id: str) -> UUID | None:
    """The newest message that a provider knows by this name."""
    found: UUID | None = await _BY_PROVIDER.first(reader, channel=channel, provider_id=provider_id)
    return found


async def overdue_messages(reader: Reader, now: datetime, rows: int) -> list[MessageRow]:
    """Messages whose sender is gone: their attempt was begun and never ended."""
    return await _OVERDUE.all(reader, now=now, rows=rows)


async def messages_among(reader: Reader, ids: Iterable[UUID]) -> list[MessageRow]:
    """The messages to these customers, oldest first of each."""
    return await _AMONG.all(reader, ids=sorted(ids))


async def messages_of(reader: Reader, customer_id: UUID) -> list[MessageRow]:
    """All messages to a customer, oldest first."""
    return await _OF_CUSTOMER.all(reader, customer_id=customer_id)


async def data_keys_of(reader: Reader, customer_ids: Sequence[UUID]) -> dict[UUID, CustomerKey]:
    """The wrapped data keys of customers, without those that were destroyed."""
    if not customer_ids:
        return {}
    return {key.customer_id: key for key in await _KEYS.all(reader, ids=list(customer_ids))}


async def suppression_of(reader: Reader, hashes: Sequence[bytes]) -> str | None:
    """Why nobody writes to the address with these hashes; None when one may."""
    found: str | None = await _SUPPRESSED.first(reader, hashes=list(hashes))
    return found


def _statement(names: Iterable[str], *, after: bool) -> Select[Any]:
    statement = select(messages).where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        statement = statement.where(_m.id < bindparam("after", type_=_m.id.type))
    return statement.order_by(_m.id.desc()).limit(bindparam("limit"))


async def page_of_messages(
    reader: Reader, filters: Mapping[str, Any], after: list[Any] | None, limit: int
) -> Page[MessageRow]:
    """One page, newest first; `after` is the key of the page before, as `Page.after` gave it."""
    key = (frozenset(filters), after is not None)
    query = _pages.get(key)
    if query is None:
        query = _pages[key] = Query(_statement(filters, after=after is not None), MessageRow._make, everyone=_OPERATORS)
    params = dict(filters)
    if after is not None:
        params["after"] = from_bytes(bytes.fromhex(after[0]))
    rows = await query.all(reader, **params, limit=limit + 1)
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], (rows[limit - 1].id.hex,))
