"""What exports keep of a customer: the files that it is in (S-89)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.crypto.files import StoredFiles
from custhub.crypto.live import LiveKeys
from custhub.features.exports.queries import export_of, exports_with
from custhub.features.exports.repository import ExportRepository
from custhub.features.links.service import drop_links
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork


class CustomerExports:
    """Files with customers in them. They are copies of a moment."""

    #: Who is in a file is kept as lists of ids, no row is one customer's.
    tables: frozenset[str] = frozenset()

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Nothing: they repeat what is kept elsewhere."""
        return {}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: a file says how it was."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Every file that it is in goes as a whole, its key first; one that is being written is written anew."""
        files = StoredFiles(uow.database, self._keys, uow.clock)
        exports = ExportRepository(uow)
        for export_id in sorted(await exports_with(uow, customer_id)):
            standing = await export_of(uow, export_id)
            if standing is None or standing.row.removed_at is not None:
                continue
            row = standing.row
            if row.finished_at is None:
                exports.change(row, {})
                continue
            stored = None if row.file_id is None else await files.find(row.file_id)
            if stored is not None:
                files.forget(uow, stored)
            exports.drop_parts(row.id)
            exports.change(row, {"removed_at": uow.now})
            drop_links(uow, row.id)
