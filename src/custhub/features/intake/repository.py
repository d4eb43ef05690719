"""The only writer of touchpoints."""

from __future__ import annotations

from custhub.features.intake.models import SENT_BEFORE, TouchpointRow, touchpoints
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace


class TouchpointRepository:
    """Touchpoints in a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def append(self, row: TouchpointRow) -> None:
        """One more; the unit of work is lost when the same came in at this moment."""
        self._uow.insert(touchpoints, row)
        self._uow.on_violation(SENT_BEFORE, _sent_before)


async def _sent_before() -> HubError:
    raise LostRace
