"""Taking customers back that nobody has touched since they were made, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from custhub.features.customers.events import CustomerErased
from custhub.features.customers.queries.referring import referred_to
from custhub.features.customers.queries.revisions import revisions_of
from custhub.features.customers.repository import BLANK_ALL, DROP_PARTS
from custhub.features.phones.service import DROP_NUMBERS
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace

#: As a customer is born.
_FIRST_REVISION = 1


class Removal(NamedTuple):
    """Who is gone, and who stays: changed since, or named by somebody."""

    removed: frozenset[UUID]
    kept: frozenset[UUID]


async def remove_untouched(
    uow: UnitOfWork, ids: Sequence[UUID], revisions: Mapping[UUID, int] | None = None
) -> Removal:
    """Blank these customers and destroy their keys, in the explicit transaction of the unit of work.

    One that is beyond its first revision, or the one that `revisions` names, was touched since.
    Their ids stay taken: whoever asks for one is told that it is gone, and whoever follows the sync or the feed
    hears of it. Those that are gone already count as removed. Raises LostRace when one was changed meanwhile.
    """
    known = await revisions_of(uow, ids)
    expected, standing = revisions or {}, {row.id: row.revision for row in known}
    touched = {
        row.id for row in known if row.erased_at is None and row.revision != expected.get(row.id, _FIRST_REVISION)
    }
    named = await referred_to(uow, ids)
    gone = {row.id for row in known if row.erased_at is not None}
    free = sorted({row.id for row in known} - touched - named - gone)
    kept = frozenset(touched | named) - gone
    if free:
        blanked = await uow.run(BLANK_ALL, ids=free, now=uow.now)
        if blanked != len(free):
            raise LostRace
        for command in (*DROP_NUMBERS, *DROP_PARTS):
            await uow.run(command, ids=free)
        for customer_id in free:
            uow.emit(CustomerErased(customer_id, standing[customer_id] + 1, customer_id))
    return Removal(frozenset(ids) - kept, kept)
