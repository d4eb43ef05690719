"""What matching keeps of a customer: keys to meet in, and from whom it was told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from custhub.features.matching.models import CannotLinkRow, cannot_links, match_keys
from custhub.features.matching.queries import cannot_links_of
from custhub.features.matching.repository import (
    add_cannot_links,
    drop_cannot_link,
    drop_cannot_links_of,
    drop_keys,
)
from custhub.features.matching.service.cannot_links import pair_of
from custhub.kit.customer_link import Kept, Moved
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TABLE = str(cannot_links.name)


class CustomerMatching:
    """Keys are made of content: who merges or undoes a merge lets them follow with `rekey` at its end."""

    tables = frozenset({match_keys.name, cannot_links.name})

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: keys are hashes of what is told elsewhere, and from whom somebody differs tells of others."""
        return {}

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """Who was told apart from `source` is told apart from `target`; keys of `source` go."""
        drop_keys(uow, source)
        rows = await cannot_links_of(uow, (source, target))
        known = {(row.left_id, row.right_id) for row in rows}
        before: dict[str, dict[str, Any]] = {}
        new = []
        for row in rows:
            if source not in (row.left_id, row.right_id):
                continue
            other = row.right_id if row.left_id == source else row.left_id
            pair = pair_of(target, other)
            # The pair of the two itself was overruled by whoever merges them; it is there again after an undo.
            joins = other != target and pair not in known
            told = {"reason": row.reason, "created_by": row.created_by, "created_at": row.created_at.isoformat()}
            before[other.hex] = {**told, "joins": joins}
            drop_cannot_link(uow, row.left_id, row.right_id)
            if joins:
                new.append(CannotLinkRow(*pair, row.reason, row.created_by, row.created_at))
        add_cannot_links(uow, new)
        return {_TABLE: before}

    async def give_back(self, uow: UnitOfWork, source: UUID, target: UUID, moved: Moved) -> Sequence[Kept]:
        """Those of `source` are its own again; what was told apart since stays with both."""
        before = moved.get(_TABLE, {})
        known = {(row.left_id, row.right_id) for row in await cannot_links_of(uow, (source, target))}
        back = []
        for key, was in before.items():
            other = UUID(hex=key)
            if was["joins"] and pair_of(target, other) in known:
                drop_cannot_link(uow, *pair_of(target, other))
            pair = pair_of(source, other)
            if pair not in known:
                at = datetime.fromisoformat(was["created_at"])
                back.append(CannotLinkRow(*pair, was["reason"], was["created_by"], at))
        add_cannot_links(uow, back)
        return ()

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of it goes."""
        drop_keys(uow, customer_id)
        drop_cannot_links_of(uow, customer_id)
