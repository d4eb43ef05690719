"""Imports, their batches and mapping profiles, as one unit of work changes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ClauseElement, Table, bindparam, delete, literal, null, select, update

from custhub.features.imports.errors import ImportNotFound, MappingNotFound
from custhub.features.imports.models import (
    MAPPING_NAME,
    BatchRow,
    ImageRow,
    ImportRow,
    MappingRow,
    import_batches,
    import_images,
    import_mappings,
    imports,
)
from custhub.features.imports.queries import IMPORT, IMPORT_LOCKED, find_mapping
from custhub.features.imports.rules.outcomes import Outcome
from custhub.kit.commands import Command
from custhub.kit.db import Database
from custhub.kit.errors import HubError
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork


def _few(table: Table, key: str, rows: int) -> ClauseElement:
    mine = table.c.import_id == bindparam("import_id")
    some = select(table.c[key]).where(mine).order_by(table.c[key]).limit(rows)
    return delete(table).where(mine, table.c[key].in_(some))


_g = import_images.c
_SETTLE = Command(
    update(import_images)
    .where(_g.import_id == bindparam("import_id"), any_of(_g.customer_id, "ids"))
    .values(verdict=bindparam("verdict", type_=_g.verdict.type), before=null(), findings=literal([], _g.findings.type))
)
#: Rows that one statement of the purge removes: SQLite's writer is held no longer than a slice.
_AT_ONCE: Final = 500
_SOME_IMAGES = Command(_few(import_images, "customer_id", _AT_ONCE))
_SOME_BATCHES = Command(_few(import_batches, "first", _AT_ONCE // 10))
_IMPORT = Command(delete(imports).where(imports.c.id == bindparam("import_id")))


async def forget_import(database: Database, import_id: UUID) -> None:
    """Remove an import with all that is kept of its rows."""
    for command in (_SOME_IMAGES, _SOME_BATCHES, _IMPORT):
        while True:
            async with database.transaction() as connection:
                gone = await command.run(database, connection, import_id=import_id)
            if not gone or command is _IMPORT:
                break
            await asyncio.sleep(0)


class ImportRepository:
    """Imports of anybody."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def get(self, import_id: UUID) -> ImportRow:
        """One import. Raises ImportNotFound."""
        row = await (IMPORT_LOCKED if self._uow.locking else IMPORT).first(self._uow, id=import_id)
        if row is None:
            raise ImportNotFound
        return row

    def add(self, row: ImportRow) -> None:
        """Store a new import."""
        self._uow.insert(imports, row)

    def change(self, row: ImportRow, values: Mapping[str, Any]) -> ImportRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(imports, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def add_batch(self, row: BatchRow) -> None:
        """Store what became of some rows."""
        self._uow.insert(import_batches, row)

    def move_batch(self, row: BatchRow, outcomes: bytes) -> None:
        """Note what has become of the same rows since."""
        self._uow.update(import_batches, {"import_id": row.import_id, "first": row.first}, {"outcomes": outcomes})

    def add_image(self, row: ImageRow) -> None:
        """Store what a customer was."""
        self._uow.insert(import_images, row)

    def change_image(self, row: ImageRow, values: Mapping[str, Any]) -> None:
        """Store changed columns."""
        self._uow.update(import_images, {"import_id": row.import_id, "customer_id": row.customer_id}, values)

    async def settle_images(self, import_id: UUID, verdicts: Mapping[UUID, Outcome]) -> None:
        """Keep what an undo has made of customers, in the explicit transaction; what they were is not needed more."""
        for verdict in sorted(set(verdicts.values())):
            ids = sorted(key for key, known in verdicts.items() if known is verdict)
            await self._uow.run(_SETTLE, import_id=import_id, ids=ids, verdict=verdict.value)

    def forget_customer(self, customer_id: UUID) -> None:
        """Remove what imports keep of a customer."""
        self._uow.delete(import_images, {"customer_id": customer_id})


class MappingRepository:
    """Mapping profiles."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def get(self, mapping_id: UUID) -> MappingRow:
        """One profile. Raises MappingNotFound."""
        row = await find_mapping(self._uow, mapping_id)
        if row is None:
            raise MappingNotFound
        return row

    def add(self, row: MappingRow, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store a new profile; `explain` is asked when its name is taken."""
        self._uow.insert(import_mappings, row)
        self._uow.on_violation(MAPPING_NAME, explain)

    def change(
        self, row: MappingRow, values: Mapping[str, Any], explain: Callable[[], Awaitable[HubError]]
    ) -> MappingRow:
        """Store changed columns as the next revision."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(import_mappings, {"id": row.id, "revision": row.revision}, values, guard=True)
        self._uow.on_violation(MAPPING_NAME, explain)
        return row._replace(**values)

    def remove(self, row: MappingRow) -> None:
        """Forget a profile. Imports that were made with it keep their mapping."""
        self._uow.delete(import_mappings, {"id": row.id})
