"""Loads and saves external sources inside a unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from custhub.features.customers.models import ExternalSourceRow, external_sources
from custhub.features.customers.queries.sources import BY_NAME, LOCKED_BY_NAME
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork


class SourceRepository:
    """External sources, by name."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def find(self, source: str) -> ExternalSourceRow | None:
        """The source of this name, if it was declared."""
        return await (LOCKED_BY_NAME if self._uow.locking else BY_NAME).first(self._uow, source=source)

    def add(self, row: ExternalSourceRow, explain: Callable[[], Awaitable[HubError]]) -> None:
        """Store a new source; `explain` is asked when somebody declared it meanwhile."""
        self._uow.insert(external_sources, row)
        self._uow.on_violation(str(external_sources.primary_key.name), explain)

    def change(self, row: ExternalSourceRow, values: Mapping[str, Any]) -> ExternalSourceRow:
        """Store changed columns as the next revision; the unit of work is lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(external_sources, {"source": row.source, "revision": row.revision}, values, guard=True)
        return row._replace(**values)

    def remove(self, row: ExternalSourceRow) -> None:
        """Forget a source."""
        self._uow.delete(external_sources, {"source": row.source})
