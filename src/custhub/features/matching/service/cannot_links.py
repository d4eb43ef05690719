"""Pairs of customers that somebody told apart: no path joins them again by itself (MATCHING 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from custhub.features.matching.models import CannotLinkRow
from custhub.features.matching.queries import cannot_links_of
from custhub.features.matching.repository import add_cannot_links
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_PREFIXES: Final = {"user": Prefix.USER, "customer": Prefix.CUSTOMER}


def pair_of(one: UUID, other: UUID) -> tuple[UUID, UUID]:
    """Two ids as they are kept, the smaller first."""
    return (one, other) if one < other else (other, one)


async def forbid(uow: UnitOfWork, ids_a: Iterable[UUID], ids_b: Iterable[UUID], reason: str) -> None:
    """None of the first ones is ever one with any of the others, in this unit of work; a pair that is there stays.

    `reason` is a word (`not_same`, `undo`).
    """
    others = set(ids_b)
    pairs = {pair_of(one, other) for one in ids_a for other in others if one != other}
    known = await forbidden_among(uow, {customer_id for pair in pairs for customer_id in pair})
    by = actor_of(uow)
    add_cannot_links(uow, [CannotLinkRow(*pair, reason, by, uow.now) for pair in pairs - known])


async def forbidden_among(reader: Reader, ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Which pairs among these are told apart, the smaller id first."""
    among = set(ids)
    if len(among) < 2:
        return set()
    rows = await cannot_links_of(reader, among)
    return {(row.left_id, row.right_id) for row in rows if row.left_id in among and row.right_id in among}


async def forbidden_to(reader: Reader, customer_id: UUID) -> set[UUID]:
    """Everybody who was told apart from this customer."""
    rows = await cannot_links_of(reader, (customer_id,))
    return {row.right_id if row.left_id == customer_id else row.left_id for row in rows}


def actor_of(uow: UnitOfWork) -> str:
    """Who does it, as rows keep it: `user:usr_...`, `system`."""
    actor = uow.actor
    if actor.id is None:
        return actor.kind
    return f"{actor.kind}:{to_text(_PREFIXES.get(actor.kind, Prefix.CLIENT), actor.id)}"
