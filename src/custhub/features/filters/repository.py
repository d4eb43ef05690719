"""Saves saved filters inside a unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from custhub.features.filters.models import FILTER_NAME, SavedFilterRow, saved_filters
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork


class FilterRepository:
    """Saved filters of one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: SavedFilterRow, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store a new one; `explain` is asked when its owner has one of this name."""
        self._uow.insert(saved_filters, row)
        self._uow.on_violation(FILTER_NAME, explain)

    def change(
        self, row: SavedFilterRow, values: Mapping[str, Any], explain: Callable[[], Awaitable[HubError]]
    ) -> SavedFilterRow:
        """Store changed columns as the next revision."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(saved_filters, {"id": row.id, "revision": row.revision}, values, guard=True)
        self._uow.on_violation(FILTER_NAME, explain)
        return row._replace(**values)

    def remove(self, row: SavedFilterRow) -> None:
        """Forget one."""
        self._uow.delete(saved_filters, {"id": row.id})
