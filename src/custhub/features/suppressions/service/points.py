"""Where numbers and addresses of people are kept: other features hand that in."""

from __future__ import annotations

from typing import Final, Protocol
from uuid import UUID

from custhub.features.phones.rules import PhoneNumber
from custhub.kit.uow import UnitOfWork

#: Name among the parts of a hub.
CONTACT_POINTS: Final = "contact_points"


class ContactPoints(Protocol):
    """Numbers and addresses that say by themselves whether they may be contacted."""

    async def suppress_number(self, uow: UnitOfWork, number: PhoneNumber, suppression_id: UUID) -> None:
        """This number may not be contacted from now on."""

    async def suppress_mailbox(self, uow: UnitOfWork, folded: str, suppression_id: UUID) -> None:
        """The same for an address."""

    async def release(self, uow: UnitOfWork, suppression_id: UUID, successor: UUID | None) -> None:
        """What this entry held back is held back by its successor, or by nothing any more."""
