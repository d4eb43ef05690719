"""Who an id is now: merged customers lead to who they became, through any number of merges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from custhub.features.customers.models import customers
from custhub.kit.query import Query, Reader, any_of
from custhub.kit.uow import UnitOfWork

_c = customers.c


class Standing(NamedTuple):
    """Where an id leads, and its revision."""

    id: UUID
    merged_into: UUID | None
    revision: int


_STANDING = Query(
    select(_c.id, _c.merged_into, _c.revision).where(any_of(_c.id, "ids")).order_by(_c.id),
    Standing._make,
    everyone="who an id is now is asked before rights are looked at; only ids come of it",
)
_THEMSELVES = Query(
    select(_c.id).where(any_of(_c.id, "ids"), _c.merged_into.is_(None)).with_for_update(read=True, key_share=True),
    tuple,
    everyone="the hub itself asks, before it writes down what it concluded about them",
)


async def themselves(uow: UnitOfWork, ids: Iterable[UUID]) -> set[UUID]:
    """Those of these customers that nobody has absorbed, and that nobody absorbs before the commit."""
    await uow.flush()
    return {own for (own,) in await _THEMSELVES.all(uow, ids=sorted(set(ids)))}


async def standings(reader: Reader, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """Those of these ids that are customers."""
    return {found.id: found for found in await _STANDING.all(reader, ids=sorted(set(ids)))}


async def survivors_of(reader: Reader, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Id -> who that is now; those that are nobody are left out."""
    found: dict[UUID, UUID] = {}
    todo = {own: own for own in ids}
    while todo:
        known = await standings(reader, todo.values())
        following: dict[UUID, UUID] = {}
        for own, now in todo.items():
            standing = known.get(now)
            if standing is None:
                continue
            if standing.merged_into is None:
                found[own] = now
            else:
                following[own] = standing.merged_into
        todo = following
    return found
