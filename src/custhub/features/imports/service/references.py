"""Owners, teams and persons that rows name: each is looked up once, by the rights of who started the import (S-64)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from custhub.features.customers.queries.merged import survivors_of
from custhub.features.customers.service.context import CustomerContext
from custhub.features.customers.service.profile import CustomerService
from custhub.kit.errors import HubError
from custhub.kit.ids import from_bytes

_MOST_KNOWN: Final = 10_000


class Named(NamedTuple):
    """What became of those that rows name."""

    #: Rows that name somebody out of reach, by place, and why that is refused.
    refused: dict[int, HubError]
    #: Persons that were merged, and who they are now.
    merged: dict[UUID, UUID]


class References:
    """What is known of them in this run."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], HubError | None] = {}

    async def looked_up(self, context: CustomerContext, named: Sequence[Sequence[Any]]) -> Named:
        """Look up those of one batch. Whether somebody was merged is asked each time: it happens while a file runs."""
        persons = {from_bytes(first) for _, contact, first, _ in named if contact >= 0}
        now_of = await survivors_of(context.uow, sorted(persons)) if persons else {}
        refused: dict[int, HubError] = {}
        for place, contact, *who in named:
            first, second = (None if raw is None else from_bytes(raw) for raw in who)
            if contact >= 0 and first is not None:
                first = now_of.get(first, first)
            key = (contact, first, second)
            if key not in self._known:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[key] = await self._check(context, contact, first, second)
            error = self._known[key]
            if error is not None:
                refused.setdefault(place, error)
        return Named(refused, {own: now for own, now in now_of.items() if own != now})

    @staticmethod
    async def _check(
        context: CustomerContext, contact: int, first: UUID | None, second: UUID | None
    ) -> HubError | None:
        try:
            if contact >= 0 and first is not None:
                await CustomerService(context).check_person(first, contact)
            else:
                await context.check_placement(first, second)
        except HubError as error:
            return error
        return None
