"""One customer wholly, for what acts on it after rights of its own: merges, exports, erasure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import bindparam, select

from custhub.features.customers.models import ContactRow, customer_contacts, customers
from custhub.features.customers.queries.records import HEAD, RECORD, CustomerRecord, make_record
from custhub.kit.query import Query, Reader, any_of

_WHY = "merges, exports and erasure act on a customer wholly; their routes check rights and reach"
_c = customer_contacts.c
_RECORDS = Query(RECORD.where(any_of(customers.c.id, "ids")).order_by(customers.c.id), make_record, everyone=_WHY)
_HEAD = Query(HEAD.where(customers.c.id == bindparam("id")), make_record, everyone=_WHY)
_NAMING = Query(
    select(customer_contacts).where(any_of(_c.person_id, "ids"), _c.customer_id != _c.person_id).order_by(_c.id),
    ContactRow._make,
    everyone=_WHY,
)


async def whole_customer(reader: Reader, customer_id: UUID) -> CustomerRecord | None:
    """A customer with all its parts."""
    return await _RECORDS.first(reader, ids=[customer_id])


async def head_of(reader: Reader, customer_id: UUID) -> CustomerRecord | None:
    """A customer with its tags and primary parts, without external ids: one that others join may be large."""
    return await _HEAD.first(reader, id=customer_id)


async def whole_customers(reader: Reader, ids: set[UUID]) -> dict[UUID, CustomerRecord]:
    """Several of them."""
    return {record.row.id: record for record in await _RECORDS.all(reader, ids=sorted(ids))}


async def contacts_naming(reader: Reader, person_ids: Iterable[UUID]) -> list[ContactRow]:
    """The contacts of other customers that are one of these persons."""
    return await _NAMING.all(reader, ids=sorted(person_ids))
