"""Who becomes somebody else, and who is to stay itself."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, case, null, update

from custhub.features.customers.models import customers
from custhub.kit.commands import Command
from custhub.kit.query import any_of
from custhub.kit.uow import UnitOfWork
from custhub.kit.writes import LostRace

_c = customers.c
#: Archived at the same moment: whatever looks for live customers passes them by.
_ABSORB = Command(
    update(customers)
    .where(any_of(_c.id, "ids"), _c.archived_at.is_(None), _c.erased_at.is_(None))
    .values(
        merged_into=bindparam("survivor_id", type_=_c.merged_into.type),
        archived_at=bindparam("now", type_=_c.archived_at.type),
        updated_at=bindparam("now", type_=_c.updated_at.type),
        revision=_c.revision + 1,
    )
)
_PART = Command(
    update(customers)
    .where(any_of(_c.id, "ids"), _c.merged_into == bindparam("survivor_id", type_=_c.merged_into.type))
    .values(
        merged_into=null(),
        archived_at=case((_c.erased_at.is_(None), null()), else_=_c.archived_at),
        updated_at=bindparam("now", type_=_c.updated_at.type),
        revision=_c.revision + 1,
    )
)


def hold_customer(uow: UnitOfWork, customer_id: UUID) -> None:
    """Nobody absorbs this customer before the commit; LostRace then when somebody has."""
    uow.writes.hold(customers, {"id": customer_id, "merged_into": None})


async def absorb_customers(uow: UnitOfWork, ids: Sequence[UUID], survivor_id: UUID) -> None:
    """These customers are another one from now on. Raises LostRace unless all of them are live."""
    if await uow.run(_ABSORB, ids=list(ids), survivor_id=survivor_id, now=uow.now) != len(ids):
        raise LostRace


async def part_customers(uow: UnitOfWork, ids: Sequence[UUID], survivor_id: UUID) -> None:
    """These customers are themselves again, live unless they are erased. Raises LostRace unless all were absorbed."""
    if await uow.run(_PART, ids=list(ids), survivor_id=survivor_id, now=uow.now) != len(ids):
        raise LostRace
