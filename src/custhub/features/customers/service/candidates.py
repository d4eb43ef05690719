"""Who may be the same person as somebody who is about to be created."""

from __future__ import annotations

from typing import Any, Final, Protocol

from custhub.features.customers.schemas.bodies import CustomerCreate
from custhub.features.customers.service.context import CustomerContext

#: Key of what finds them among the parts of the hub.
NEW_CANDIDATES: Final = "customers.new_candidates"


class NewCandidates(Protocol):
    """Finds them among those who are stored; the matching feature implements it."""

    async def of_new(self, context: CustomerContext, body: CustomerCreate) -> list[dict[str, Any]]:
        """The surest first, in numbers and names of fields alone. Asked before anything is written: it may commit.

        Raises what refuses the same question to the check for duplicates: InsufficientScope, FieldNotWritable,
        LookupQuotaExceeded, MaskProbing.
        """
