"""What the values of customers are held against, and where those go that were refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.sources import SourceRanks
from custhub.features.customers.rules.provenance import DEFAULT_PRIORITY, NOBODY
from custhub.features.fields.service.catalogue import FieldCatalogue
from custhub.features.phones.queries import PhoneRow
from custhub.features.phones.rules import VerificationResult
from custhub.kit.uow import UnitOfWork

#: Key of the standards among the parts of the hub.
STANDARDS = "customers.standards"


class RefusedChange(NamedTuple):
    """A value that a machine sent and that does not stand, for a person to look at.

    `field` is a member (`birthday`, `custom_fields.size`); the values are those of the API.
    """

    field: str
    reason: str
    source: str
    at: datetime
    standing: Any
    claimed: Any


class RefusedChanges(Protocol):
    """Keeps what was refused until somebody decides; the quality feature implements it."""

    async def keep(self, uow: UnitOfWork, customer_id: UUID, dek: Dek, refused: Sequence[RefusedChange]) -> list[UUID]:
        """Make review items of them, in the same commit; the ids of those that are new."""

    async def withdraw(self, uow: UnitOfWork, ids: Sequence[UUID]) -> None:
        """Take these back, as far as nobody has decided about them or seen them again."""

    async def forget(self, uow: UnitOfWork, customers: Sequence[UUID]) -> None:
        """Drop all of customers who are gone as if they had never been, in the explicit transaction."""


class Verifications(Protocol):
    """Keeps who is to be called; the quality feature implements it."""

    async def recorded(
        self, uow: UnitOfWork, record: CustomerRecord, phone: PhoneRow, result: VerificationResult
    ) -> None:
        """An attempt to reach a customer came to this, in the same commit; `record` is the customer after it."""


@dataclass(frozen=True, slots=True)
class Standards:
    """Vocabularies and custom fields, the priorities of sources, how long a person's word outranks machines.

    What comes of it for others: where refused values go, and who keeps the queue of those to be called.
    """

    catalogue: FieldCatalogue
    ranks: SourceRanks
    refusals: RefusedChanges
    confirmed_for: timedelta
    verifications: Verifications

    def priority_of(self, source: str) -> int:
        """How far a source is believed."""
        return -1 if source == NOBODY else self.ranks.value.get(source, DEFAULT_PRIORITY)
