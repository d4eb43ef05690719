"""Saves self-service links and what waits for proof inside a unit of work; forgets old ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from custhub.features.selfservice.models import (
    ChangeRow,
    SelfServiceLinkRow,
    self_service_changes,
    self_service_links,
)
from custhub.kit.purge import Purge
from custhub.kit.uow import UnitOfWork

#: Codes and links for proof end much earlier.
CHANGES_KEPT: Final = timedelta(days=1)
#: Links live 30 days at most.
LINKS_KEPT: Final = timedelta(days=90)
OLD_CHANGES: Final = Purge(self_service_changes, self_service_changes.c.created_at)
OLD_LINKS: Final = Purge(self_service_links, self_service_links.c.created_at)


class SelfServiceRepository:
    """Links and changes of customers within reach: who calls has read them so."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add_link(self, row: SelfServiceLinkRow) -> None:
        """Store a new link."""
        self._uow.insert(self_service_links, row)

    def change_link(self, row: SelfServiceLinkRow, values: Mapping[str, Any]) -> SelfServiceLinkRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(self_service_links, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def add_change(self, row: ChangeRow) -> None:
        """Store what waits for proof."""
        self._uow.insert(self_service_changes, row)

    def change(self, row: ChangeRow, values: Mapping[str, Any]) -> ChangeRow:
        """Store changed columns; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(self_service_changes, {"id": row.id, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def remove_of(self, customer_id: UUID) -> None:
        """Remove everything of a customer."""
        self._uow.delete(self_service_changes, {"customer_id": customer_id})
        self._uow.delete(self_service_links, {"customer_id": customer_id})
