"""Owners, teams and persons that rows name: each is looked up once, by the rights of who started the import (S-64)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.kit.errors import HubError
from custhub.kit.ids import from_bytes

_MOST_KNOWN: Final = 10_000


class References:
    """What is known of them in this run."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], HubError | None] = {}

    async def refused(self, context: CustomerContext, named: Sequence[Sequence[Any]]) -> dict[int, HubError]:
        """Rows that name somebody out of reach, by place, and why that is refused."""
        found: dict[int, HubError] = {}
        for place, contact, first, second in named:
            key = (contact >= 0, first, second)
            if key not in self._known:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = await self._check(context, contact, first, second)
            error = self._known[key]
            if error is not None:
                found.setdefault(place, error)
        return found

    @staticmethod
    async def _check(
        context: CustomerContext, contact: int, first: bytes | None, second: bytes | None
    ) -> HubError | None:
        try:
            if contact >= 0 and first is not None:
                await CustomerService(context).check_person(from_bytes(first), contact)
            else:
                owner, team = (None if raw is None else from_bytes(raw) for raw in (first, second))
                await context.check_placement(owner, team)
        except HubError as error:
            return error
        return None
