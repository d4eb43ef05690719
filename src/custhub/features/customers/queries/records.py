"""Read statements over customers: one with all its parts, pages, lookups by number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, bindparam, false, null, select, true

from custhub.crypto.models import customer_keys
from custhub.features.customers.models import (
    AddressRow,
    ContactRow,
    CustomerRow,
    EmailRow,
    ExternalIdRow,
    TagRow,
    customer_addresses,
    customer_contacts,
    customer_emails,
    customer_external_ids,
    customer_tags,
    customers,
)
from custhub.features.phones.models import PhoneRow, customer_phones
from custhub.kit.nested import children, reader
from custhub.kit.query import Reader, any_of
from custhub.security.reach import Reach, Reachable

_WIDTH = len(CustomerRow._fields)
_PARTS = (customer_phones, customer_emails, customer_addresses, customer_contacts, customer_external_ids, customer_tags)
_phones = reader(customer_phones, PhoneRow._make)
_emails = reader(customer_emails, EmailRow._make)
_addresses = reader(customer_addresses, AddressRow._make)
_contacts = reader(customer_contacts, ContactRow._make)
_external_ids = reader(customer_external_ids, ExternalIdRow._make)
_tags = reader(customer_tags, TagRow._make)


class CustomerRecord(NamedTuple):
    """A customer with every part its body shows, and its wrapped data key."""

    row: CustomerRow
    dek_version: int | None
    wrapped_dek: bytes | None
    phones: tuple[PhoneRow, ...]
    emails: tuple[EmailRow, ...]
    addresses: tuple[AddressRow, ...]
    contacts: tuple[ContactRow, ...]
    external_ids: tuple[ExternalIdRow, ...]
    tags: tuple[TagRow, ...]


def make_record(values: Iterable[Any]) -> CustomerRecord:
    """The record of one row of `RECORD`."""
    values = list(values)
    version, wrapped, phones, emails, addresses, contacts, external_ids, tags = values[_WIDTH:]
    return CustomerRecord(
        CustomerRow._make(values[:_WIDTH]),
        version,
        wrapped,
        _phones(phones),
        _emails(emails),
        _addresses(addresses),
        _contacts(contacts),
        _external_ids(external_ids),
        _tags(tags),
    )


def _heads(table: Table) -> ColumnElement[bool] | None:
    if table is customer_external_ids:
        return false()
    return table.c.is_primary == true() if "is_primary" in table.c else None


def _record(*, only_heads: bool = False, without: Collection[Table] = ()) -> Select[Any]:
    parts: Sequence[Any] = [
        null().label(table.name)
        if table in without
        else children(table, customers.c.id, only=_heads(table) if only_heads else None).label(table.name)
        for table in _PARTS
    ]
    keys = customer_keys
    return select(customers, keys.c.dek_version, keys.c.wrapped, *parts).select_from(
        customers.outerjoin(keys, keys.c.customer_id == customers.c.id)
    )


RECORD = _record()
"""A customer with its parts; filter and order it."""
HEAD = _record(only_heads=True)
"""A customer with its tags and its primary parts alone, however many it has."""


def _first(values: Iterable[Any]) -> UUID:
    return next(iter(values))  # type: ignore[no-any-return]  # a row has no types


BY_ID = Reachable(RECORD.where(customers.c.id == bindparam("id")), customers, make_record)
LOCKED = Reachable(select(customers.c.id).where(customers.c.id == bindparam("id")).with_for_update(), customers, _first)
"""Locks a customer. Its record is read afterwards: a statement that waited for the lock still sees old parts."""

_SOME = any_of(customers.c.id, "ids")
MANY = Reachable(RECORD.where(_SOME), customers, make_record)
MANY_COMPARED = Reachable(_record(without=(customer_contacts, customer_tags)).where(_SOME), customers, make_record)
"""Some as they are compared with others: without contacts and tags."""
MANY_LOCKED = Reachable(
    select(customers.c.id).where(_SOME).order_by(customers.c.id).with_for_update(), customers, _first
)
"""Locks some, in one order everywhere."""

_EXISTS = Reachable(select(customers.c.id).where(customers.c.id == bindparam("id")), customers, _first)


async def compared_records(reader: Reader, reach: Reach, ids: Collection[UUID]) -> list[CustomerRecord]:
    """Those of these customers that the caller may reach, whatever became of them; without contacts and tags."""
    return await MANY_COMPARED.of(reach).all(reader, ids=sorted(ids), **reach.params)


async def is_reachable(reader: Reader, reach: Reach, customer_id: UUID) -> bool:
    """Whether there is such a customer for this caller."""
    return await _EXISTS.of(reach).first(reader, id=customer_id, **reach.params) is not None
