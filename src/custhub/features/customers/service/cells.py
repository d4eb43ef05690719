"""Values of customers as cells; sensitive ones masked unless somebody may see more."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.columns import Sealed
from custhub.crypto.errors import IntegrityError
from custhub.features.customers.rules.sheets import SEPARATOR, join_list
from custhub.features.customers.service.custom import opened_values
from custhub.features.fields.rules import MASK, Access


class CustomCells:
    """Values of custom fields for one caller."""

    def __init__(self, access: Access, *, unmasked: bool) -> None:
        self._keys = access.readable.keys()
        self._unmasked = unmasked

    def values(
        self, dek: Dek | None, customer_id: UUID, custom: Mapping[str, Any], sealed: Sealed | None
    ) -> dict[str, Any]:
        """The values that this caller sees, by key; None for a sensitive one that stays masked."""
        secret: Mapping[str, Any] = {}
        if self._unmasked and sealed is not None and dek is not None:
            with suppress(IntegrityError):
                secret = opened_values(dek, customer_id, sealed)
        return {key: secret.get(key) if value is None else value for key, value in custom.items() if key in self._keys}


def cell_of(value: Any) -> str:
    """A value of a custom field as an import reads it."""
    if value is None:
        return MASK
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return join_list(value) or SEPARATOR  # an empty cell would be no value
    return str(value)


def instant(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z")
