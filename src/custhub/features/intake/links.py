"""What the hub keeps of the touchpoints of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.intake.models import TouchpointRow
from custhub.features.intake.queries import data_key_of, touchpoints_of
from custhub.features.intake.vault import open_content
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_UNTOLD: Final = {"id", "customer_id", "content", "digest", "recorded_by"}


class CustomerTouchpoints:
    """Append-only: they stay with whom they were about."""

    tables = frozenset({"touchpoints"})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """All of them with what was sent; what does not open any more is null."""
        key = await data_key_of(reader, customer_id)
        dek = None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)
        return {"touchpoints": [_exported(dek, row) for row in await touchpoints_of(reader, customer_id)]}

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: `sources` keep their ids, and what was sent about them."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved. What was sent about `target` since stays with it."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Nothing to do: what was sent goes with the customer's key, the rest names nobody."""


def _exported(dek: Dek | None, row: TouchpointRow) -> dict[str, Any]:
    told = {name: value for name, value in row._asdict().items() if name not in _UNTOLD}
    return {"id": to_text(Prefix.TOUCHPOINT, row.id), **told, "content": open_content(dek, row)}
