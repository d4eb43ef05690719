"""The only writer of consents."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from custhub.features.consents.models import (
    CONSENT_STATE,
    ConsentRow,
    ConsentStateRow,
    consent_entries,
    consent_states,
)
from custhub.kit.errors import HubError
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace


class ConsentRepository:
    """The ledger and its states in a unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def append(self, row: ConsentRow) -> None:
        """One more entry."""
        self._uow.insert(consent_entries, row)

    def settle(self, old: ConsentStateRow | None, new: ConsentStateRow) -> None:
        """What counts from now on; the unit of work is lost when it moved on meanwhile."""
        if old is None:
            self._uow.insert(consent_states, new)
            self._uow.on_violation(CONSENT_STATE, _lost_race)
            return
        key = {"customer_id": old.customer_id, "purpose": old.purpose, "channel": old.channel, "entry_id": old.entry_id}
        values = {"status": new.status, "captured_at": new.captured_at, "entry_id": new.entry_id}
        self._uow.update(consent_states, key, values, guard=True)

    def settle_all(
        self, old: Mapping[tuple[str, str], ConsentStateRow], new: Mapping[tuple[str, str], ConsentStateRow]
    ) -> None:
        """`settle`, or `unsettle`, what differs between what counted for a customer and what counts now."""
        for key, state in new.items():
            if old.get(key) != state:
                self.settle(old.get(key), state)
        for key in old.keys() - new.keys():
            self.unsettle(old[key])

    def unsettle(self, state: ConsentStateRow) -> None:
        """Nothing counts any more for its purpose and channel, unless something was said meanwhile."""
        self._uow.delete(consent_states, {"customer_id": state.customer_id, "entry_id": state.entry_id})

    def forget_states(self, customer_id: UUID) -> None:
        """Nothing counts for this customer any more."""
        self._uow.delete(consent_states, {"customer_id": customer_id})


async def _lost_race() -> HubError:
    raise LostRace
