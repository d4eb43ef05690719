"""What a merge needs of the records of customers: to load them, to join them, to store what the survivor becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.features.customers.models import CustomerRow
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.repository import CustomerRepository, absorb_customers, change_tokens, part_customers
from custhub.features.customers.rules import tokens_of
from custhub.features.customers.rules.provenance import Origin
from custhub.features.customers.schemas.views import TEXTS
from custhub.features.customers.service.context import CustomerContext, provenance_of
from custhub.features.customers.service.custom import filter_rows
from custhub.features.phones.vault import opened_texts


async def reachable_records(context: CustomerContext, ids: Sequence[UUID], *, lock: bool) -> dict[UUID, CustomerRecord]:
    """Those of these customers that the caller may reach, whatever became of them; locked in the order of ids."""
    customers = CustomerRepository(context.uow, context.who.reach)
    await customers.load(ids, lock=lock)
    found = ((own, customers.loaded(own)) for own in ids)
    return {own: record for own, record in found if record is not None}


def texts_of(dek: Dek, row: CustomerRow) -> dict[str, str | None]:
    """The texts of a customer with their numbers in full. Raises IntegrityError."""
    texts: dict[str, str | None] = {name: getattr(row, name) for name in TEXTS}
    return texts if row.spans is None else opened_texts(dek, "customers", row.id, row.spans, texts)


async def settle_survivor(
    context: CustomerContext, customer_id: UUID, values: Mapping[str, Any], origins: Mapping[str, Origin | None]
) -> CustomerRow:
    """Store what the record of a survivor becomes, as its next revision, after the rows of others have come to it."""
    uow = context.uow
    record = (await whole_customers(uow, {customer_id}))[customer_id]
    values = dict(values)
    if origins:
        values["provenance"] = provenance_of(record.row).with_origins(origins)
    row = context.customers.change(record.row, values)
    before = tokens_of(record.row, record.emails, record.external_ids)
    change_tokens(uow, [(customer_id, before, tokens_of(row, record.emails, record.external_ids))])
    catalogue = context.standards.catalogue.value
    context.customers.change_values(filter_rows(catalogue, record.row), filter_rows(catalogue, row))
    return row


async def part(context: CustomerContext, ids: Sequence[UUID], survivor_id: UUID) -> None:
    """These locked customers, erased ones too, are nobody else from now on; live again unless they are erased.

    Raises LostRace when one of them is not the survivor's.
    """
    await part_customers(context.uow, ids, survivor_id)


async def absorb(context: CustomerContext, ids: Sequence[UUID], survivor_id: UUID) -> None:
    """These locked customers are the survivor from now on; LostRace when one of them is not live any more."""
    await absorb_customers(context.uow, ids, survivor_id)
