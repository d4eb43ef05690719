"""What the hub keeps of messages to a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.messages.models import MessageRow, messages
from custhub.features.messages.queries import data_keys_of, messages_of
from custhub.features.messages.repository import MessageRepository
from custhub.features.messages.vault import open_recipient, resealed
from custhub.kit.customer_link import Kept, Moved, changed, gone, revision_back
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TABLE: Final = str(messages.name)
_TOLD: Final = ("channel", "kind", "category", "state", "created_at", "sent_at", "delivered_at")


class CustomerMessages:
    """The log of messages to a customer, those that wait among them."""

    tables = frozenset({_TABLE})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """When what was sent where; null for an address that does not open."""
        dek = await self._dek(reader, customer_id)
        return {"messages": [_exported(dek, row) for row in await messages_of(reader, customer_id)]}

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """The messages to `source` become those to `target`. Raises IntegrityError when one does not open."""
        rows = await messages_of(uow, source)
        await self._move(uow, {row: row.revision + 1 for row in rows}, source, target)
        return {_TABLE: {row.id.hex: {"revision": row.revision + 1} for row in rows}}

    async def give_back(self, uow: UnitOfWork, source: UUID, target: UUID, moved: Moved) -> Sequence[Kept]:
        """Those that are still kept."""
        before = moved.get(_TABLE, {})
        rows = [row for row in await messages_of(uow, target) if row.id.hex in before]
        await self._move(uow, {row: revision_back(row, before[row.id.hex]) for row in rows}, target, source)
        return [*gone(_TABLE, before, rows), *changed(_TABLE, before, rows)]

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of them go; what waits is not sent."""
        MessageRepository(uow).remove_of(customer_id)

    async def _move(self, uow: UnitOfWork, rows: Mapping[MessageRow, int], source: UUID, target: UUID) -> None:
        if not rows:
            return
        old, new = await self._dek(uow, source), await self._dek(uow, target)
        if old is None or new is None:
            raise IntegrityError
        repository = MessageRepository(uow)
        for row, revision in rows.items():
            values = {"customer_id": target, "updated_at": uow.now, "revision": revision}
            repository.reseal(row, {**values, **resealed(old, new, row)})

    async def _dek(self, reader: Reader, customer_id: UUID) -> Dek | None:
        key = (await data_keys_of(reader, [customer_id])).get(customer_id)
        return None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)


def _exported(dek: Dek | None, row: MessageRow) -> dict[str, Any]:
    recipient = None
    try:
        if dek is not None:
            recipient = open_recipient(dek, row).address
    except IntegrityError:
        recipient = None
    told = {name: getattr(row, name) for name in _TOLD}
    return {"id": to_text(Prefix.MESSAGE, row.id), "recipient": recipient, **told}
