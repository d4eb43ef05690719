"""Parts of which one is the primary one: what e-mails, addresses and contacts have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from custhub.features.customers.errors import TooManyParts
from custhub.features.customers.models import AddressRow, ContactRow, EmailRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.schemas.bodies import (
    AddressCreate,
    AddressPatch,
    ContactCreate,
    ContactPatch,
    EmailCreate,
    EmailPatch,
)
from custhub.features.customers.schemas.views import etag_of
from custhub.features.customers.service.context import CustomerContext
from custhub.kit.errors import NotFound
from custhub.kit.ids import Prefix, text_or_none, to_text
from custhub.kit.revisions import check_revision
from custhub.security.fields import Field

P = TypeVar("P", EmailRow, AddressRow, ContactRow)
C = TypeVar("C", EmailCreate, AddressCreate, ContactCreate)
U = TypeVar("U", EmailPatch, AddressPatch, ContactPatch)
Verb = Literal["added", "changed", "removed"]


class PartKeeper(ABC, Generic[P, C, U]):
    """Add, change and remove parts of one kind. A customer who has any has exactly one primary part.

    It is the last that was said to be; when it goes, the oldest that remains takes its place.
    """

    field: ClassVar[Field]
    noun: ClassVar[str]
    limit: ClassVar[int]
    prefix: ClassVar[Prefix]
    missing: ClassVar[type[NotFound]]
    #: Columns an audit entry tells of.
    told: ClassVar[tuple[str, ...]]

    def __init__(self, context: CustomerContext) -> None:
        self._context = context
        self._uow = context.uow
        self._who = context.who

    def rows(self, record: CustomerRecord) -> tuple[P, ...]:
        """The parts of this kind, oldest first."""
        found: tuple[P, ...] = getattr(record, self.field)
        return found

    def of(self, record: CustomerRecord, part_id: UUID) -> P:
        """This part of this customer. Raises what the kind has for a missing one."""
        row = next((row for row in self.rows(record) if row.id == part_id), None)
        if row is None:
            raise self.missing
        return row

    async def add(self, customer_id: UUID, body: C) -> tuple[CustomerRecord, P]:
        """Give a customer one more part. Raises FieldNotWritable, CustomerArchived, TooManyParts."""
        record = await self._opened(customer_id)
        if len(self.rows(record)) >= self.limit:
            raise TooManyParts
        row = await self._built(record, body)
        parts = list(self.rows(record))
        parts.append(row)
        return self._store(record, parts, "added", row.id, primary=row.id if body.is_primary else None)

    async def change(
        self, customer_id: UUID, part_id: UUID, body: U, if_match: frozenset[int] | None
    ) -> tuple[CustomerRecord, P]:
        """Change what was sent. Raises StaleRevision; an unchanged body stores nothing."""
        record = await self._opened(customer_id)
        row = self._expected(record, part_id, if_match)
        new = await self._patched(record, row, body)
        sent = "is_primary" in body.model_fields_set
        if sent:
            new = new._replace(is_primary=body.is_primary)
        if new == row or (sent and new._replace(is_primary=True) == row and len(self.rows(record)) == 1):
            return record, row  # the only part stays the primary one, whatever it is told
        changed = [new if known.id == part_id else known for known in self.rows(record)]
        return self._store(record, changed, "changed", part_id, primary=part_id if sent and body.is_primary else None)

    async def remove(self, customer_id: UUID, part_id: UUID, if_match: frozenset[int] | None) -> None:
        """Take a part from a customer. Raises StaleRevision."""
        record = await self._opened(customer_id)
        row = self._expected(record, part_id, if_match)
        self._context.customers.remove_part(row)
        self._store_all(record, [known for known in self.rows(record) if known.id != part_id], "removed", part_id)

    async def put_back(self, customer_id: UUID, row: P) -> CustomerRecord:
        """Give a customer a part again that was taken from it, under its id. Raises TooManyParts."""
        record = await self._opened(customer_id)
        if len(self.rows(record)) >= self.limit:
            raise TooManyParts
        back = row._replace(customer_id=record.row.id, updated_at=self._uow.now, revision=row.revision + 1)
        parts = list(self.rows(record))
        parts.append(back)
        parts.sort(key=_part_id)
        return self._store_all(record, parts, "added", row.id, primary=row.id if row.is_primary else None)

    @abstractmethod
    async def _built(self, record: CustomerRecord, body: C) -> P:
        """The row of a new part."""

    @abstractmethod
    async def _patched(self, record: CustomerRecord, row: P, body: U) -> P:
        """The row with what was sent, but for its primary flag."""

    async def _opened(self, customer_id: UUID) -> CustomerRecord:
        self._who.require_writable({self.field})
        return await self._context.live(customer_id)

    def _expected(self, record: CustomerRecord, part_id: UUID, if_match: frozenset[int] | None) -> P:
        row = self.of(record, part_id)
        check_revision(if_match, row.revision, etag_of(row.revision, self._who.policy.digest))
        return row

    def _store(
        self, record: CustomerRecord, rows: Sequence[P], verb: Verb, part_id: UUID, *, primary: UUID | None
    ) -> tuple[CustomerRecord, P]:
        record = self._store_all(record, rows, verb, part_id, primary=primary)
        return record, self.of(record, part_id)

    def _store_all(
        self, record: CustomerRecord, rows: Sequence[P], verb: Verb, part_id: UUID, *, primary: UUID | None = None
    ) -> CustomerRecord:
        before = {row.id: row for row in self.rows(record)}
        after = {row.id: self._written(before.get(row.id), row) for row in with_one_primary(rows, primary, part_id)}
        told = [row and told_of(row, self.told) for row in (before.get(part_id), after.get(part_id))]
        name = to_text(self.prefix, part_id)
        origin = None if verb == "removed" else self._context.origin_of_part(name)
        new = self._context.changed(
            record,
            [self.field.value],
            details={self.field.value: told},
            action=f"{self.noun}.{verb}",
            origins={name: origin},
        )
        parts: dict[str, Any] = {self.field: tuple(after.values())}
        changed = new._replace(**parts)
        self._context.met_again(record, changed)
        if self.field is Field.EMAILS and _found_by(before) != _found_by(after):
            self._context.found_again(record, changed)
        return changed

    def _written(self, old: P | None, new: P) -> P:
        if old is None:
            self._context.customers.add_parts([new])
        elif new != old:
            new = new._replace(updated_at=self._uow.now, revision=old.revision + 1)
            self._context.customers.change_part(old, new)
        return new


def _part_id(row: EmailRow | AddressRow | ContactRow) -> UUID:
    return row.id


def _found_by(rows: Mapping[UUID, EmailRow | AddressRow | ContactRow]) -> set[str]:
    return {row.email for row in rows.values() if isinstance(row, EmailRow)}


def told_of(row: EmailRow | AddressRow | ContactRow, names: Sequence[str]) -> dict[str, Any]:
    """What an audit entry says of a part."""
    values = {name: getattr(row, name) for name in names}
    if "person_id" in values:
        values["person_id"] = text_or_none(Prefix.CUSTOMER, values["person_id"])
    return values


def with_one_primary(rows: Sequence[P], wanted: UUID | None, touched: UUID) -> list[P]:
    """The rows with one primary: the wanted one, else the present one, else the oldest that was not just demoted."""
    chosen = wanted or next((row.id for row in rows if row.is_primary), None)
    chosen = chosen or next((row.id for row in rows if row.id != touched), touched)
    return [row._replace(is_primary=row.id == chosen) for row in rows]
