"""What the hub keeps of messages to a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.data_keys import data_keys
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.messages.models import MessageRow, messages
from custhub.features.messages.queries import data_keys_of, messages_among, messages_of
from custhub.features.messages.repository import MessageRepository
from custhub.features.messages.vault import open_recipient, resealed
from custhub.kit.customer_link import Joined, Kept, changed, gone, revision_back
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

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """The messages to `sources` become those to `target`. Raises IntegrityError when one does not open."""
        rows = await messages_among(uow, sources)
        await self._move(uow, [(row, row.revision + 1, target) for row in rows], target)
        joined: dict[UUID, dict[str, dict[str, dict[str, Any]]]] = {}
        for row in rows:
            if row.customer_id is not None:
                before = joined.setdefault(row.customer_id, {_TABLE: {}})[_TABLE]
                before[row.id.hex] = {"revision": row.revision + 1}
        return joined

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Those that are still kept."""
        held = {row.id.hex: row for row in await messages_of(uow, target)}
        kept: dict[UUID, Sequence[Kept]] = {}
        moving: list[tuple[MessageRow, int, UUID]] = []
        for source, moved in joined.items():
            before = moved.get(_TABLE, {})
            rows = [held[key] for key in before if key in held]
            moving += [(row, revision_back(row, before[row.id.hex]), source) for row in rows]
            kept[source] = [*gone(_TABLE, before, rows), *changed(_TABLE, before, rows)]
        await self._move(uow, moving, target)
        return kept

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of them go; what waits is not sent."""
        MessageRepository(uow).remove_of(customer_id)

    async def _move(self, uow: UnitOfWork, rows: Sequence[tuple[MessageRow, int, UUID]], target: UUID) -> None:
        """Give messages of one of them to others, or of others to one: with the next revision, and to whom."""
        if not rows:
            return
        owners = {own for row, _, new in rows for own in (row.customer_id, new) if own is not None}
        deks = await data_keys(uow, self._keys.cipher, owners | {target})
        values: dict[UUID, Mapping[str, Any]] = {}
        for row, revision, new in rows:
            sealed = resealed(deks[row.customer_id or target], deks[new], row)
            values[row.id] = {"customer_id": new, "updated_at": uow.now, "revision": revision, **sealed}
        MessageRepository(uow).reseal_all(values)

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
