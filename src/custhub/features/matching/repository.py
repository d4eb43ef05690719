"""Stores match keys and pairs that never join."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Table, delete

from custhub.features.matching.models import CannotLinkRow, MatchKeyRow, cannot_links, match_keys
from custhub.kit.commands import Command
from custhub.kit.errors import HubError
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace

#: All keys of these customers.
DROP_KEYS: Final = Command(delete(match_keys).where(any_of(match_keys.c.customer_id, "ids")))
TABLE: Final[Table] = match_keys


def add_keys(uow: UnitOfWork, rows: Sequence[MatchKeyRow]) -> None:
    """Store keys of new customers."""
    uow.writes.insert_all(match_keys, [row._asdict() for row in rows])


def change_keys(uow: UnitOfWork, changes: Iterable[tuple[UUID, Iterable[int], Iterable[int]]]) -> int:
    """Store what differs between the keys of customers before and after; how many rows that is."""
    gone: list[dict[str, object]] = []
    added: list[dict[str, object]] = []
    for customer_id, old, new in changes:
        before, after = set(old), set(new)
        gone += [{"key": key, "customer_id": customer_id} for key in sorted(before - after)]
        added += [{"key": key, "customer_id": customer_id} for key in sorted(after - before)]
    uow.writes.delete_all(match_keys, gone)
    uow.writes.insert_all(match_keys, added)
    return len(gone) + len(added)


def drop_keys(uow: UnitOfWork, customer_id: UUID) -> None:
    """Forget all keys of a customer."""
    uow.delete(match_keys, {"customer_id": customer_id})


def drop_keys_of_all(uow: UnitOfWork, customer_ids: Iterable[UUID]) -> None:
    """Forget all keys of several customers."""
    uow.writes.delete_all(match_keys, [{"customer_id": own} for own in customer_ids])


def add_cannot_links(uow: UnitOfWork, rows: Sequence[CannotLinkRow]) -> None:
    """Store new pairs. One that somebody else stores in this moment makes the unit of work lose."""
    uow.on_violation(str(cannot_links.primary_key.name), _run_again)
    uow.writes.insert_all(cannot_links, [row._asdict() for row in sorted(rows)])


async def _run_again() -> HubError:
    raise LostRace


def drop_cannot_links(uow: UnitOfWork, pairs: Iterable[tuple[UUID, UUID]]) -> None:
    """Forget pairs, the smaller id of each first."""
    uow.writes.delete_all(cannot_links, [{"left_id": left, "right_id": right} for left, right in sorted(pairs)])


def drop_cannot_links_of(uow: UnitOfWork, customer_id: UUID) -> None:
    """Forget all pairs of a customer."""
    uow.delete(cannot_links, {"left_id": customer_id})
    uow.delete(cannot_links, {"right_id": customer_id})
