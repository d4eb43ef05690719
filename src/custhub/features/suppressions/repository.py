"""The only writer of the suppression list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from custhub.features.suppressions.models import (
    SUPPRESSED_HASH,
    HashRow,
    SuppressionRow,
    suppression_hashes,
    suppressions,
)
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace


class SuppressionRepository:
    """The list in a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def add(self, row: SuppressionRow, hashes: Iterable[HashRow]) -> None:
        """A new entry; the unit of work is lost when somebody made the same one at the same moment."""
        self._uow.insert(suppressions, row)
        for entry in hashes:
            self._uow.insert(suppression_hashes, entry)
        self._uow.on_violation(SUPPRESSED_HASH, _lost_race)

    def lift(self, row: SuppressionRow, values: Mapping[str, Any]) -> SuppressionRow:
        """The entry suppresses nothing from now on; lost when the row moved on meanwhile."""
        values = {**values, "updated_at": self._uow.now, "revision": row.revision + 1}
        self._uow.update(suppressions, {"id": row.id, "revision": row.revision}, values, guard=True)
        self._uow.delete(suppression_hashes, {"suppression_id": row.id})
        return row._replace(**values)


async def _lost_race() -> HubError:
    raise LostRace
