"""What matching keeps of a customer: keys to meet in, and from whom it was told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable, KeysView, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from custhub.features.customers.queries.merged import survivors_of
from custhub.features.matching.models import CannotLinkRow, cannot_links, match_keys
from custhub.features.matching.queries import alone_with_cannot_links, cannot_links_of
from custhub.features.matching.repository import (
    add_cannot_links,
    drop_cannot_links,
    drop_cannot_links_of,
    drop_keys,
    drop_keys_of_all,
)
from custhub.features.matching.service.cannot_links import pair_of
from custhub.kit.customer_link import Joined, Kept, Moved
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TABLE = str(cannot_links.name)


class CustomerMatching:
    """Keys are made of content: who merges or undoes a merge lets them follow with `rekey` at its end."""

    tables = frozenset({match_keys.name, cannot_links.name})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: keys are hashes of what is told elsewhere, and from whom somebody differs tells of others."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Who was told apart from one of `sources` is told apart from `target`; keys of `sources` go."""
        drop_keys_of_all(uow, sources)
        links = _Links(await _settled(uow, (*sources, target)))
        joined: dict[UUID, Moved] = {}
        for source in sources:
            before: dict[str, dict[str, Any]] = {}
            new = []
            known = links.pairs()
            for row in links.of(source):
                other = row.right_id if row.left_id == source else row.left_id
                pair = pair_of(target, other)
                # The pair of the two itself was overruled by whoever merges them; it is there again after an undo.
                joins = other != target and pair not in known
                told = {"reason": row.reason, "created_by": row.created_by, "created_at": row.created_at.isoformat()}
                before[other.hex] = {**told, "joins": joins}
                links.drop((row.left_id, row.right_id))
                if joins:
                    new.append(CannotLinkRow(*pair, row.reason, row.created_by, row.created_at))
            for row in new:
                links.add(row)
            joined[source] = {_TABLE: before}
        links.store(uow)
        return joined

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Those of each are its own again, towards who is another by now too; what was told apart since stays."""
        named = {UUID(hex=key) for moved in joined.values() for key in moved.get(_TABLE, {})}
        links = _Links(await _settled(uow, (*joined, target), named))
        now_of = await survivors_of(uow, sorted(named))
        for source in reversed(list(joined)):
            known = links.pairs()
            back = []
            for key, was in joined[source].get(_TABLE, {}).items():
                other = UUID(hex=key)
                if was["joins"] and pair_of(target, other) in known:
                    links.drop(pair_of(target, other))
                at = datetime.fromisoformat(was["created_at"])
                for own in {other, now_of.get(other, other)} - {source}:
                    pair = pair_of(source, own)
                    if pair not in known:
                        back.append(CannotLinkRow(*pair, was["reason"], was["created_by"], at))
            for row in back:
                links.add(row)
        links.store(uow)
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of it goes."""
        drop_keys(uow, customer_id)
        drop_cannot_links_of(uow, customer_id)


async def _settled(uow: UnitOfWork, ids: Collection[UUID], more: Collection[UUID] = ()) -> list[CannotLinkRow]:
    """The pairs of these locked customers, which nobody changes before the commit.

    Who merges the other one of a pair at this moment would store it of somebody who is absorbed by then: the later
    one reads again.
    """
    rows = await cannot_links_of(uow, ids)
    others = {own for row in rows for own in (row.left_id, row.right_id)} | set(more)
    if others <= set(ids) or uow.name == "sqlite":
        return rows
    await alone_with_cannot_links(uow)
    return await cannot_links_of(uow, ids)


class _Links:
    """Pairs as they were read, and as they are to be."""

    def __init__(self, rows: Iterable[CannotLinkRow]) -> None:
        self._was = {(row.left_id, row.right_id): row for row in rows}
        self._now = dict(self._was)
        self._of: dict[UUID, set[tuple[UUID, UUID]]] = {}
        for pair in self._was:
            self._index(pair)

    def pairs(self) -> KeysView[tuple[UUID, UUID]]:
        return self._now.keys()

    def of(self, customer_id: UUID) -> list[CannotLinkRow]:
        return [self._now[pair] for pair in sorted(self._of.get(customer_id, ())) if pair in self._now]

    def drop(self, pair: tuple[UUID, UUID]) -> None:
        self._now.pop(pair, None)

    def add(self, row: CannotLinkRow) -> None:
        self._now[row.left_id, row.right_id] = row
        self._index((row.left_id, row.right_id))

    def store(self, uow: UnitOfWork) -> None:
        drop_cannot_links(uow, self._was.keys() - self._now.keys())
        add_cannot_links(uow, [self._now[pair] for pair in self._now.keys() - self._was.keys()])

    def _index(self, pair: tuple[UUID, UUID]) -> None:
        for own in pair:
            self._of.setdefault(own, set()).add(pair)
