"""What spans features reaches their rows through: merges, exports and erasure know no table of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from custhub.kit.query import Reader
from custhub.kit.uow import UnitOfWork

#: Table -> keys of the rows that changed hands, so that they can be given back.
Moved = Mapping[str, Sequence[str]]


class CustomerLink(Protocol):
    """Answers for the rows that one feature keeps of a customer; app.py has the list of all of them.

    None of it asks for rights or reach, or locks: who calls has done so. Nothing is told to others either, but for
    third customers whose body changes with it.
    """

    @property
    def tables(self) -> frozenset[str]:
        """Every table with a column that names a customer belongs to exactly one link."""

    async def export(self, reader: Reader, customer_id: UUID) -> Mapping[str, Any]:
        """All that is kept of a customer, in the open, without revisions and times of change.

        One form for one content: two customers with the same content differ in ids alone.
        """

    async def reassign(self, uow: UnitOfWork, source: UUID, target: UUID) -> Moved:
        """Make the rows of `source` those of `target`, sealed anew under its key. The record of `source` stays."""

    async def erase(self, uow: UnitOfWork, customer_id: UUID) -> None:
        """Leave nothing personal of a customer: rows go or are blanked, keys are destroyed."""
