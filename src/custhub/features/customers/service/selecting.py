"""Selections that are kept under a name. Another feature keeps them; app.py says which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from custhub.features.customers.schemas.listing import CustomerFilter
from custhub.kit.query import Reader
from custhub.security.principal import Principal

#: Its name among the parts of the hub.
SAVED_SELECTIONS: Final = "saved_selections"


class SavedSelections(Protocol):
    """Knows saved filters."""

    async def find(self, reader: Reader, who: Principal, filter_id: UUID) -> CustomerFilter:
        """What a saved filter selects. Raises SavedFilterNotFound, also for one this caller may not use."""


class HasParts(Protocol):
    """A running hub."""

    @property
    def parts(self) -> Mapping[str, Any]:
        """What features hand to each other."""


def saved_selections(hub: HasParts) -> SavedSelections:
    """Those of this hub."""
    found: SavedSelections = hub.parts[SAVED_SELECTIONS]
    return found
