"""Match keys follow the content of a customer, in the same unit of work (MATCHING 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from custhub.crypto.cipher import Dek
from custhub.crypto.live import LiveKeys
from custhub.features.customers.queries import CustomerRecord
from custhub.features.customers.queries.whole import whole_customers
from custhub.features.customers.rules import CustomerKind
from custhub.features.matching.queries import keys_of
from custhub.features.matching.repository import change_keys
from custhub.features.matching.rules.keys import texts_of
from custhub.features.matching.service.reading import CustomerReader, data_key, is_matched
from custhub.kit.uow import UnitOfWork


def match_keys_of(
    keys: LiveKeys,
    personal: Collection[str],
    record: CustomerRecord,
    dek: Dek | None,
    numbers: Iterable[str] | None = None,
) -> frozenset[int]:
    """The keys of a customer as it is, under every index key that is in use; none for one that is not matched."""
    if not is_matched(record):
        return frozenset()
    person = CustomerReader(personal).person(record, dek, numbers)
    texts = texts_of(person, is_organisation=record.row.kind == CustomerKind.ORGANISATION)
    return frozenset(key for kid in keys.claim_kids for key in keys.indexes.match(texts, kid))


async def rekey(uow: UnitOfWork, keys: LiveKeys, personal: Collection[str], ids: Collection[UUID]) -> int:
    """Store the keys of these customers as they are in the transaction now; how many rows that changes.

    For whoever changes customers beyond their own feature, merges and undos: called last, after a `uow.flush()`.
    """
    records = await whole_customers(uow, set(ids))
    stored = await keys_of(uow, ids)
    return change_keys(
        uow,
        [
            (
                customer_id,
                stored.get(customer_id, ()),
                match_keys_of(keys, personal, record, data_key(keys.cipher, record)) if record else (),
            )
            for customer_id in sorted(ids)
            for record in (records.get(customer_id),)
        ],
    )
