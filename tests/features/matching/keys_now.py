"""What is stored of match keys, and what content says should be."""

from __future__ import annotations

from uuid import UUID

from custhub.features.customers.queries.whole import whole_customers
from custhub.features.matching.queries import customers_after, keys_of
from custhub.features.matching.service.reading import data_key
from custhub.features.matching.service.rekeying import match_keys_of
from custhub.kit.ids import Prefix, from_text
from tests.hub import HubUnderTest


async def all_ids(hub: HubUnderTest) -> list[UUID]:
    """Every customer there ever was."""
    found: list[UUID] = []
    while some := await customers_after(hub.app.database, found[-1] if found else None, 200):
        found += [record.row.id for record in some]
    return found


async def stored(hub: HubUnderTest, customer: str) -> set[int]:
    """The keys of one customer."""
    own = from_text(Prefix.CUSTOMER, customer)
    return (await keys_of(hub.app.database, [own])).get(own, set())


async def differing(hub: HubUnderTest) -> list[UUID]:
    """Customers whose stored keys are not those that a rebuild would give."""
    app = hub.app
    ids = await all_ids(hub)
    records = await whole_customers(app.database, set(ids))
    known = await keys_of(app.database, ids)
    return [
        own
        for own, record in records.items()
        if known.get(own, set())
        != match_keys_of(app.keys, app.personal.value, record, data_key(app.keys.cipher, record))
    ]
