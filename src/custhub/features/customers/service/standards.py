"""What the values of customers are held against, and where those go that were refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from custhub.features.phones.rules import PhoneNumber, VerificationResult
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


class NewRecord(Protocol):
    """A customer that is about to be stored, with its numbers in the open."""

    @property
    def record(self) -> CustomerRecord:
        """Its record."""

    @property
    def numbers(self) -> Sequence[PhoneNumber]:
        """The numbers behind its phones, in their order."""


class MatchKeys(Protocol):
    """Keeps the keys under which customers that may be one meet; the matching feature implements it."""

    @property
    def personal(self) -> frozenset[str]:
        """The sources one id of which means one person."""

    def rows(self, new: NewRecord) -> tuple[str, Sequence[tuple[Any, ...]]]:
        """The rows of a new customer and the table that they go to; nothing is stored."""

    def add(self, uow: UnitOfWork, added: Iterable[NewRecord]) -> None:
        """Store those of new customers, in the same commit."""

    def change(self, uow: UnitOfWork, old: CustomerRecord, new: CustomerRecord) -> None:
        """A customer was `old` and is `new`, in the same commit: once in a unit of work, with all that it changes."""

    async def forget(self, uow: UnitOfWork, customers: Sequence[UUID]) -> None:
        """Drop all of customers who are gone as if they had never been, in the explicit transaction."""

    def declared(self, uow: UnitOfWork, source: str, *, was: bool, now: bool) -> None:
        """Whether one id of a source means one person was declared, or its source removed, in the same commit."""


@dataclass(frozen=True, slots=True)
class Standards:
    """Vocabularies and custom fields, the priorities of sources, how long a person's word outranks machines.

    What comes of it for others: where refused values go, who keeps the queue of those to be called, who keeps match
    keys.
    """

    catalogue: FieldCatalogue
    ranks: SourceRanks
    refusals: RefusedChanges
    confirmed_for: timedelta
    verifications: Verifications
    matching: MatchKeys

    def priority_of(self, source: str) -> int:
        """How far a source is believed."""
        return -1 if source == NOBODY else self.ranks.value.get(source, DEFAULT_PRIORITY)
