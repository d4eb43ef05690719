"""What the hub keeps of a customer's self-service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.errors import IntegrityError
from custhub.crypto.live import LiveKeys
from custhub.features.selfservice.queries import (
    ChangeRow,
    SelfServiceLinkRow,
    changes_of,
    data_key_of,
    links_of,
)
from custhub.features.selfservice.repository import SelfServiceRepository
from custhub.features.selfservice.vault import open_value
from custhub.kit.customer_link import Joined, Kept
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

_TOLD: Final = (
    "fields", "locale", "sent_by", "state", "changed", "unproven", "created_by", "expires_at", "used_at", "revoked_at",
    "created_at",
)  # fmt: skip


class CustomerSelfService:
    """Links for a customer, and what it gave and has not proven."""

    tables = frozenset({"self_service_links", "self_service_changes"})

    def __init__(self, keys: LiveKeys) -> None:
        self._keys = keys

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """Each link, with what came by it and waits; null for what does not open."""
        changes = await changes_of(reader, customer_id)
        key = await data_key_of(reader, customer_id) if changes else None
        dek = None if key is None else self._keys.cipher.unwrap(customer_id, key.dek_version, key.wrapped)
        rows = await links_of(reader, customer_id)
        return {
            "self_service": [_exported(row, [one for one in changes if one.link_id == row.id], dek) for row in rows]
        }

    async def reassign(self, uow: UnitOfWork, sources: Sequence[UUID], target: UUID) -> Joined:
        """Nothing moves: a link is for the record it was made for, and leads nowhere while that is merged away."""
        return {}

    async def give_back(self, uow: UnitOfWork, joined: Joined, target: UUID) -> Mapping[UUID, Sequence[Kept]]:
        """Nothing moved."""
        return {}

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """All of it goes."""
        SelfServiceRepository(uow).remove_of(customer_id)


def _exported(row: SelfServiceLinkRow, changes: list[ChangeRow], dek: Dek | None) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in _TOLD}
    waiting = [{"field": one.field, "value": _opened(one, dek), "state": one.state} for one in changes]
    return {"id": to_text(Prefix.SELF_SERVICE_LINK, row.id), **told, "given": waiting}


def _opened(row: ChangeRow, dek: Dek | None) -> str | None:
    try:
        return None if dek is None else open_value(dek, row)
    except IntegrityError:
        return None
