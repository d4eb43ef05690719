"""Read statements over keys: their list, what depends on them, rotations."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Select, bindparam, func, literal_column, select

from custhub.crypto.models import CustomerKey, KeyReference, SystemKey, customer_keys, key_refs, system_keys
from custhub.features.keys.models import RotationRow, key_rotations
from custhub.features.keys.rules import OPEN, RotatedPurpose
from custhub.features.phones.models import customer_phones, phone_claims
from custhub.jobs.models import jobs
from custhub.jobs.states import FINISHED
from custhub.kit.paging import Page
from custhub.kit.query import Query, Reader, any_of

_EVERYONE = "the operator's view of keys: no row of a customer is shown"
_NO_ID = UUID(int=0)
#: Rows counted by one statement: it must neither hold up the event loop nor meet the statement timeout.
_STRIDE = 20_000


class KeyRecord(NamedTuple):
    """A key, whether this process has it, and how many rows need it (None: not counted)."""

    ref: KeyReference
    in_keyring: bool
    dependants: int | None


def _first(values: Iterable[Any]) -> Any:
    return next(iter(values))


_REFS = Query(select(key_refs).order_by(key_refs.c.purpose, key_refs.c.kid), KeyReference._make)
_REF = Query(select(key_refs).where(key_refs.c.id == bindparam("id")), KeyReference._make)
_REF_PAGE = Query(
    select(key_refs)
    .where(key_refs.c.id > bindparam("after"), any_of(key_refs.c.purpose, "purposes"))
    .order_by(key_refs.c.id)
    .limit(bindparam("limit")),
    KeyReference._make,
)
_ROTATION = Query(select(key_rotations).where(key_rotations.c.id == bindparam("id")), RotationRow._make)
_OPEN = Query(
    select(key_rotations)
    .where(key_rotations.c.state.in_([literal_column(f"'{state}'") for state in OPEN]))
    .order_by(key_rotations.c.id),
    RotationRow._make,
)
_LATEST = Query(
    select(key_rotations)
    .where(key_rotations.c.purpose == bindparam("purpose"))
    .order_by(key_rotations.c.id.desc())
    .limit(1),
    RotationRow._make,
)
_ROTATION_PAGE = Query(
    select(key_rotations)
    .where(key_rotations.c.id < bindparam("before"), any_of(key_rotations.c.purpose, "purposes"))
    .order_by(key_rotations.c.id.desc())
    .limit(bindparam("limit")),
    RotationRow._make,
)

_WRAPPED = Query(
    select(customer_keys)
    .where(customer_keys.c.kid == bindparam("kid"), customer_keys.c.customer_id > bindparam("after"))
    .order_by(customer_keys.c.customer_id)
    .limit(bindparam("limit")),
    CustomerKey._make,
)
_WRAPPED_FOR_SYSTEM = Query(
    select(system_keys).where(system_keys.c.kid == bindparam("kid")).order_by(system_keys.c.id), SystemKey._make
)

_STOPPED = Query(
    select(key_rotations)
    .join(jobs, jobs.c.id == key_rotations.c.job_id)
    .where(
        key_rotations.c.state.in_([literal_column(f"'{state}'") for state in OPEN]),
        jobs.c.state.in_([literal_column(f"'{state}'") for state in FINISHED]),
    )
    .order_by(key_rotations.c.id),
    RotationRow._make,
)


def _kids(first: Column[int], second: Column[int]) -> Query[int]:
    both = select(first.label("kid")).union(select(second)).subquery()
    return Query(select(both.c.kid).order_by(both.c.kid), _first, everyone=_EVERYONE)


_FIELD_KIDS = _kids(customer_keys.c.kid, system_keys.c.kid)
_BIDX_KIDS = _kids(customer_phones.c.index_kid, phone_claims.c.kid)


class _Count(NamedTuple):
    """How many rows a kid has, counted in strides along an index (kid, key)."""

    edge: Query[Any]
    rest: Query[int]
    first: Any


def _count(kid: Any, key: Any, first: Any) -> _Count:
    found: Select[Any] = select(key).where(kid == bindparam("kid"), key > bindparam("after")).order_by(key)
    rest = select(func.count()).select_from(found.limit(_STRIDE).subquery())
    return _Count(
        Query(found.offset(_STRIDE - 1).limit(1), _first, everyone=_EVERYONE),
        Query(rest, _first, everyone=_EVERYONE),
        first,
    )


_COUNTS: dict[str, tuple[_Count, ...]] = {
    RotatedPurpose.FIELD: (
        _count(customer_keys.c.kid, customer_keys.c.customer_id, _NO_ID),
        _count(system_keys.c.kid, system_keys.c.id, _NO_ID),
    ),
    RotatedPurpose.BIDX: (
        _count(customer_phones.c.index_kid, customer_phones.c.id, _NO_ID),
        _count(phone_claims.c.kid, phone_claims.c.exact_index, b""),
    ),
}


async def all_refs(reader: Reader) -> list[KeyReference]:
    """Every key, by purpose and kid."""
    return await _REFS.all(reader)


async def ref_of(reader: Reader, key_id: UUID) -> KeyReference | None:
    """One key."""
    return await _REF.first(reader, id=key_id)


async def page_of_refs(reader: Reader, purposes: Sequence[str], after: UUID | None, limit: int) -> Page[KeyReference]:
    """Keys of these purposes, oldest first."""
    rows = await _REF_PAGE.all(reader, purposes=list(purposes), after=after or _NO_ID, limit=limit + 1)
    return Page(rows[:limit], (rows[limit - 1].id.hex,) if len(rows) > limit else None)


async def rotation_of(reader: Reader, rotation_id: UUID) -> RotationRow | None:
    """One rotation."""
    return await _ROTATION.first(reader, id=rotation_id)


async def open_rotations(reader: Reader) -> list[RotationRow]:
    """Rotations that are queued or running."""
    return await _OPEN.all(reader)


async def stopped_rotations(reader: Reader) -> list[RotationRow]:
    """Open rotations whose job has ended: canceled, or given up."""
    return await _STOPPED.all(reader)


async def latest_rotation(reader: Reader, purpose: str) -> RotationRow | None:
    """The newest rotation of a purpose."""
    return await _LATEST.first(reader, purpose=purpose)


async def page_of_rotations(
    reader: Reader, purposes: Sequence[str], before: UUID | None, limit: int
) -> Page[RotationRow]:
    """Rotations of these purposes, newest first."""
    last = UUID(int=2**128 - 1) if before is None else before
    rows = await _ROTATION_PAGE.all(reader, purposes=list(purposes), before=last, limit=limit + 1)
    return Page(rows[:limit], (rows[limit - 1].id.hex,) if len(rows) > limit else None)


async def wrapped_after(reader: Reader, kid: int, after: UUID | None, limit: int) -> list[CustomerKey]:
    """The next data keys of customers that are wrapped under `kid`."""
    return await _WRAPPED.all(reader, kid=kid, after=after or _NO_ID, limit=limit)


async def system_keys_under(reader: Reader, kid: int) -> list[SystemKey]:
    """The data keys of the system that are wrapped under `kid`."""
    return await _WRAPPED_FOR_SYSTEM.all(reader, kid=kid)


async def referenced_kids(reader: Reader) -> dict[str, list[int]]:
    """The kids that stored rows name, by purpose: what `key_refs` must list."""
    return {RotatedPurpose.FIELD: await _FIELD_KIDS.all(reader), RotatedPurpose.BIDX: await _BIDX_KIDS.all(reader)}


async def count_dependants(reader: Reader, purpose: str, kid: int) -> int | None:
    """How many stored rows need this key; None for purposes whose uses are not counted."""
    if purpose not in _COUNTS:
        return None
    return sum([await _counted(reader, count, kid) for count in _COUNTS[purpose]])


async def count_indexed(reader: Reader, kid: int) -> int:
    """How many numbers are indexed under a `bidx` key."""
    return await _counted(reader, _COUNTS[RotatedPurpose.BIDX][0], kid)


async def _counted(reader: Reader, count: _Count, kid: int) -> int:
    total, after = 0, count.first
    while (edge := await count.edge.first(reader, kid=kid, after=after)) is not None:
        total, after = total + _STRIDE, edge
        # On SQLite a read does not give way to others by itself.
        await asyncio.sleep(0)
    return total + (await count.rest.first(reader, kid=kid, after=after) or 0)
