"""Read statements over consents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select

from custhub.crypto.models import CustomerKey, customer_keys
from custhub.features.consents.models import ConsentRow, ConsentStateRow, consent_entries, consent_states
from custhub.features.customers.models import customers
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

_e, _s, _c = consent_entries.c, consent_states.c, customers.c
_HUB: Final = "what may be sent is asked for the hub itself; nobody is shown any"
_WHOLE: Final = "merges, exports and erasure act on a customer wholly; their routes check rights and reach"
_FILTERS: Final[Mapping[str, Callable[[], ColumnElement[bool]]]] = {
    "customer_id": lambda: _e.customer_id == bindparam("customer_id", type_=_e.customer_id.type),
    "purpose": lambda: _e.purpose == bindparam("purpose"),
    "channel": lambda: _e.channel == bindparam("channel"),
    "status": lambda: _e.status == bindparam("status"),
}
_ENTRIES = select(consent_entries).select_from(consent_entries.join(customers, _c.id == _e.customer_id))
_BY_ID = Reachable(_ENTRIES.where(_e.id == bindparam("id")), customers, ConsentRow._make)
_pages: dict[tuple[frozenset[str], bool], Reachable[ConsentRow]] = {}


class Subject(NamedTuple):
    """A customer whose consents are recorded: whether it is live, how old it is, and its wrapped key."""

    id: UUID
    is_archived: bool
    birthday: str | None
    calendar: str | None
    dek_version: int | None
    wrapped: bytes | None
    merged_into: UUID | None = None


def _subject(values: Iterable[Any]) -> Subject:
    own, archived_at, *rest = values
    return Subject(own, archived_at is not None, *rest)


_SUBJECTS = Reachable(
    select(
        _c.id,
        _c.archived_at,
        _c.birthday,
        _c.birthday_calendar,
        customer_keys.c.dek_version,
        customer_keys.c.wrapped,
        _c.merged_into,
    )
    .select_from(customers.outerjoin(customer_keys, customer_keys.c.customer_id == _c.id))
    .where(any_of(_c.id, "ids")),
    customers,
    _subject,
)
_LOCK = Reachable(
    select(_c.id, _c.archived_at, _c.birthday, _c.birthday_calendar)
    .where(any_of(_c.id, "ids"))
    .order_by(_c.id)
    .with_for_update(),
    customers,
    tuple,
)
_STATES = Query(
    select(consent_states).where(any_of(_s.customer_id, "ids")).order_by(_s.customer_id, _s.purpose, _s.channel),
    ConsentStateRow._make,
    everyone="of customers that the caller was found to reach",
)
_STATUS = Query(
    select(consent_states).where(
        _s.customer_id == bindparam("customer_id"),
        _s.purpose == bindparam("purpose"),
        _s.channel == bindparam("channel"),
    ),
    ConsentStateRow._make,
    everyone=_HUB,
)
_AMONG = Query(
    select(consent_entries).where(any_of(_e.id, "ids")),
    ConsentRow._make,
    everyone="of customers that the caller was found to reach",
)
_OF_CUSTOMER = Query(
    select(consent_entries).where(_e.customer_id == bindparam("customer_id")).order_by(_e.id),
    ConsentRow._make,
    everyone=_WHOLE,
)
_KEY = Query(select(customer_keys).where(customer_keys.c.customer_id == bindparam("customer_id")), CustomerKey._make)


async def subjects(reader: Reader, reach: Reach, ids: Iterable[UUID], *, locking: bool) -> Mapping[UUID, Subject]:
    """Those of these customers that the caller may reach; locked first where their state will change."""
    params: dict[str, Any] = {"ids": sorted(ids), **reach.params}
    if locking:
        await _LOCK.of(reach).all(reader, **params)
    return {found.id: found for found in await _SUBJECTS.of(reach).all(reader, **params)}


async def states_of(reader: Reader, customer_ids: Iterable[UUID]) -> list[ConsentStateRow]:
    """What the ledger of these customers comes down to now."""
    return await _STATES.all(reader, ids=sorted(customer_ids))


async def state_of(reader: Reader, customer_id: UUID, purpose: str, channel: str) -> ConsentStateRow | None:
    """What a customer said last about one purpose and channel."""
    return await _STATUS.first(reader, customer_id=customer_id, purpose=purpose, channel=channel)


async def entries_among(reader: Reader, ids: Sequence[UUID]) -> Mapping[UUID, ConsentRow]:
    """These entries of the ledger."""
    return {row.id: row for row in await _AMONG.all(reader, ids=list(ids))}


async def entries_of(reader: Reader, customer_id: UUID) -> list[ConsentRow]:
    """The whole ledger of a customer, oldest first."""
    return await _OF_CUSTOMER.all(reader, customer_id=customer_id)


async def data_key_of(reader: Reader, customer_id: UUID) -> CustomerKey | None:
    """The wrapped data key of a customer, None when it was destroyed."""
    return await _KEY.first(reader, customer_id=customer_id)


async def entry_by_id(reader: Reader, reach: Reach, entry_id: UUID) -> ConsentRow | None:
    """One entry of a customer within reach."""
    return await _BY_ID.of(reach).first(reader, id=entry_id, **reach.params)


def _statement(names: Iterable[str], *, after: bool) -> Select[Any]:
    statement = _ENTRIES.where(*(_FILTERS[name]() for name in sorted(names)))
    if after:
        statement = statement.where(_e.id < bindparam("after", type_=_e.id.type))
    return statement.order_by(_e.id.desc()).limit(bindparam("limit"))


async def page_of_entries(
    reader: Reader, reach: Reach, filters: Mapping[str, Any], after: list[Any] | None, limit: int
) -> Page[ConsentRow]:
    """One page of the ledger, newest first."""
    key = (frozenset(filters), after is not None)
    query = _pages.get(key)
    if query is None:
        query = _pages[key] = Reachable(_statement(filters, after=after is not None), customers, ConsentRow._make)
    params = {**filters, **reach.params}
    if after is not None:
        params["after"] = from_bytes(bytes.fromhex(after[0]))
    rows = await query.of(reach).all(reader, **params, limit=limit + 1)
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))
