"""What was done to a customer, and the names of those who did it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from custhub.features.accounts.models import clients, users
from custhub.features.audit.models import AuditEntry
from custhub.features.audit.queries import page_of_history
from custhub.kit.query import Query, Reader, any_of

__all__ = ["AuditEntry", "names_of", "page_of_history"]


class _Named(NamedTuple):
    id: UUID
    name: str


_NAMES = {
    kind: Query(select(table.c.id, table.c.name).where(any_of(table.c.id, "ids")), _Named._make)
    for kind, table in (("user", users), ("client", clients))
}


async def names_of(reader: Reader, entries: Iterable[AuditEntry]) -> Mapping[UUID, str]:
    """Names of the users and clients behind these entries."""
    asked: dict[str, set[UUID]] = {}
    for entry in entries:
        if entry.actor_id is not None and entry.actor_kind in _NAMES:
            asked.setdefault(entry.actor_kind, set()).add(entry.actor_id)
    names: dict[UUID, str] = {}
    for kind, ids in asked.items():
        names.update({found.id: found.name for found in await _NAMES[kind].all(reader, ids=list(ids))})
    return names
