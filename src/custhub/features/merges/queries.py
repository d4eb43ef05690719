"""Read statements of merges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Select, bindparam, literal_column, select

from custhub.features.customers.models import CustomerRow, customer_contacts, customers
from custhub.features.merges.models import MemberRow, MergeRow, merge_members, merges
from custhub.kit.db import metadata
from custhub.kit.ids import from_bytes
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of
from custhub.security.reach import Reach, Reachable

__all__ = ["CustomerRow", "MemberRow", "MergeRow"]

_m, _p, _c = merges.c, merge_members.c, customers.c
_WHY: Final = "of customers that the caller was found to reach"
#: Whose rows go to the survivor. The rest stays with the id that it is about: ledgers, logs, copies of a moment.
MOVING: Final = (
    "customer_phones", "customer_emails", "customer_addresses", "customer_contacts", "customer_external_ids",
    "customer_tags", "messages", "findings",
)  # fmt: skip
#: Contacts at other customers that are one of these in person.
NAMING: Final = "customer_contacts.person_id"


class Held(NamedTuple):
    """A row that a customer has: its key as text, without the customer's own id."""

    customer_id: UUID
    key: str


def _held(values: Iterable[Any]) -> Held:
    own, *keys = values
    return Held(own, "/".join(key.hex if isinstance(key, UUID) else str(key) for key in keys))


@cache
def _holdings() -> Mapping[str, Query[Held]]:
    # Late: every feature has declared its tables by then.
    found: dict[str, Query[Held]] = {}
    for name in MOVING:
        table = metadata.tables[name]
        keys = [column for column in table.primary_key.columns if column.name != "customer_id"]
        statement = select(table.c.customer_id, *keys).where(any_of(table.c.customer_id, "ids"))
        found[name] = Query(statement.order_by(table.c.customer_id, *keys), _held, everyone=_WHY)
    contacts = customer_contacts.c
    named = select(contacts.person_id, contacts.id).where(
        any_of(contacts.person_id, "ids"), contacts.customer_id != contacts.person_id
    )
    found[NAMING] = Query(named.order_by(contacts.person_id, contacts.id), _held, everyone=_WHY)
    return found


async def holdings(reader: Reader, ids: Sequence[UUID]) -> dict[str, list[Held]]:
    """Table -> the rows of these customers that a merge moves."""
    return {name: await query.all(reader, ids=sorted(ids)) for name, query in _holdings().items()}


_MERGES: Select[Any] = select(merges).select_from(merges.join(customers, _c.id == _m.survivor_id))
_BY_ID = Reachable(_MERGES.where(_m.id == bindparam("id")), customers, MergeRow._make)
_MEMBERS = Query(
    select(merge_members).where(_p.merge_id == bindparam("merge_id")).order_by(_p.place),
    MemberRow._make,
    everyone="the merge itself was found within reach; it is about all of them",
)
_MEMBER_IDS = Query(
    select(_p.merge_id, _p.customer_id).where(any_of(_p.merge_id, "ids"), _p.place > 0).order_by(_p.merge_id, _p.place),
    tuple,
    everyone="the merges themselves were found within reach",
)
_MERGE_COLUMNS: Final = len(MergeRow._fields)


def _with_member(values: Iterable[Any]) -> tuple[MergeRow, MemberRow]:
    values = list(values)
    return MergeRow._make(values[:_MERGE_COLUMNS]), MemberRow._make(values[_MERGE_COLUMNS:])


_LATER = Query(
    select(merges, merge_members)
    .select_from(merges.join(merge_members, _p.merge_id == _m.id))
    .where(_m.id > bindparam("after", type_=_m.id.type), _m.state == literal_column("'done'"))
    .where(any_of(_p.customer_id, "ids"))
    .order_by(_m.id.desc(), _p.place),
    _with_member,
    everyone="which merges stand in the way of an undo; only their ids are told",
)
_pages: dict[tuple[frozenset[str], bool], Reachable[MergeRow]] = {}


async def merge_by_id(reader: Reader, reach: Reach, merge_id: UUID) -> MergeRow | None:
    """One merge whose survivor the caller may reach."""
    return await _BY_ID.of(reach).first(reader, id=merge_id, **reach.params)


async def members_of(reader: Reader, merge_id: UUID) -> list[MemberRow]:
    """Who was joined, the survivor first."""
    return await _MEMBERS.all(reader, merge_id=merge_id)


async def later_merges(reader: Reader, merge: MergeRow, ids: Sequence[UUID]) -> list[tuple[MergeRow, MemberRow]]:
    """Merges after this one that stand, each with the place that one of these customers has in it; the last first."""
    return await _LATER.all(reader, after=merge.id, ids=list(ids))


async def absorbed_by(reader: Reader, merge_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The customers that these merges absorbed, in order."""
    found: dict[UUID, list[UUID]] = {}
    for merge_id, customer_id in await _MEMBER_IDS.all(reader, ids=list(merge_ids)):
        found.setdefault(merge_id, []).append(customer_id)
    return found


async def page_of_merges(
    reader: Reader, reach: Reach, filters: Mapping[str, Any], after: list[Any] | None, limit: int
) -> Page[MergeRow]:
    """One page, newest first; `filters` are state and customer_id, of a survivor or a member."""
    key = (frozenset(filters), after is not None)
    query = _pages.get(key)
    if query is None:
        query = _pages[key] = Reachable(_statement(*key), customers, MergeRow._make)
    params = {**filters, **reach.params}
    if after is not None:
        params["after"] = from_bytes(bytes.fromhex(after[0]))
    rows = await query.of(reach).all(reader, **params, limit=limit + 1)
    return Page(rows) if len(rows) <= limit else Page(rows[:limit], (rows[limit - 1].id.hex,))


def _statement(names: frozenset[str], goes_on: bool) -> Select[Any]:
    statement = _MERGES
    if "state" in names:
        statement = statement.where(_m.state == bindparam("state"))
    if "customer_id" in names:
        own = bindparam("customer_id", type_=_p.customer_id.type)
        statement = statement.where(_m.id.in_(select(_p.merge_id).where(_p.customer_id == own)))
    if goes_on:
        statement = statement.where(_m.id < bindparam("after", type_=_m.id.type))
    return statement.order_by(_m.id.desc()).limit(bindparam("limit"))
